namespace Foretoken.Twin.Results;

/// <summary>Why a run ended.</summary>
public enum StopReason
{
    /// <summary>Every request reached its outcome.</summary>
    Completed,

    /// <summary>The user interrupted it (Ctrl-C): requests without outcome are marked unfinished.</summary>
    Interrupted,

    /// <summary>The scenario's own limit of virtual time was reached.</summary>
    TimeLimit,

    /// <summary>Nothing could happen any more although requests waited: no replica served and none would come. They are marked unfinished.</summary>
    Stalled,
}
