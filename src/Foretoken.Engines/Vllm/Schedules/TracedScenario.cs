namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>A recorded run of vLLM's scheduler: settings, requests, and every step's decisions.</summary>
public sealed record TracedScenario
{
    /// <summary>The engine's settings.</summary>
    public required VllmSettings Settings { get; init; }

    /// <summary>Requests in the order in which they are added when they share a step.</summary>
    public required IReadOnlyList<TracedRequest> Requests { get; init; }

    /// <summary>Cancellations.</summary>
    public IReadOnlyList<TracedAbort> Aborts { get; init; } = [];

    /// <summary>Drafts accepted by the outputs that carry drafts, in order, repeated from the start; needed with speculation.</summary>
    public IReadOnlyList<int> Accept { get; init; } = [];

    /// <summary>Steps after which the recording was cut off.</summary>
    public int MaxSteps { get; init; } = int.MaxValue;

    /// <summary>The recorded steps.</summary>
    public required IReadOnlyList<TracedStep> Steps { get; init; }
}
