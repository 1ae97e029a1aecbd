namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>A request of a recorded scenario.</summary>
public sealed record SgLangTracedRequest
{
    /// <summary>Its name in the trace.</summary>
    public required string Id { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Answer tokens after which it ends.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Step before which it is added.</summary>
    public required int Step { get; init; }
}
