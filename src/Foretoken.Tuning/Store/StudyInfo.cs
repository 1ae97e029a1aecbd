namespace Foretoken.Tuning.Store;

/// <summary>How a stored study stands.</summary>
public enum StudyState
{
    /// <summary>A living process works on it.</summary>
    Running,

    /// <summary>Begun and not finished, and nobody works on it: it can be resumed.</summary>
    Interrupted,

    /// <summary>Finished; its result is stored.</summary>
    Finished,
}

/// <summary>One line about a stored study.</summary>
/// <param name="Id">Its id, such as <c>chat-16xh100-3</c>.</param>
/// <param name="Name">What the user calls it.</param>
/// <param name="State">How it stands.</param>
/// <param name="Evaluations">Evaluations stored.</param>
/// <param name="Begun">When it was begun.</param>
/// <param name="Finished">When it was finished; null when it is not.</param>
/// <param name="WallSeconds">Time that it took so far, all attempts together; an attempt that was killed counts up to its last note.</param>
/// <param name="Best">The best so far, in words; empty before there is any.</param>
/// <param name="Owner">Process that works on it, for people; null when nobody does.</param>
public sealed record StudyInfo(string Id, string Name, StudyState State, long Evaluations, DateTimeOffset Begun, DateTimeOffset? Finished, double WallSeconds, string Best, string? Owner);
