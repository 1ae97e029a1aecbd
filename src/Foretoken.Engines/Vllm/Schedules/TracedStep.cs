namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>What an engine decided in one step and what its state was: everything that a replay compares.</summary>
public sealed record TracedStep
{
    /// <summary>Number of the step, from 0.</summary>
    public required int Step { get; init; }

    /// <summary>Requests scheduled, in order, with their tokens.</summary>
    public required IReadOnlyList<TracedCount> Scheduled { get; init; }

    /// <summary>The same requests with the tokens computed before the step.</summary>
    public required IReadOnlyList<TracedCount> ComputedBefore { get; init; }

    /// <summary>Drafts per request that carries any, by name.</summary>
    public required IReadOnlyList<TracedCount> Drafts { get; init; }

    /// <summary>Requests preempted while planning, by name.</summary>
    public required IReadOnlyList<string> Preempted { get; init; }

    /// <summary>Running list after planning.</summary>
    public required IReadOnlyList<string> Running { get; init; }

    /// <summary>Waiting queue after planning.</summary>
    public required IReadOnlyList<string> Waiting { get; init; }

    /// <summary>Free blocks after planning.</summary>
    public required int FreeBlocks { get; init; }

    /// <summary>Block tables of the scheduled requests after planning, by name.</summary>
    public required IReadOnlyList<TracedBlocks> Blocks { get; init; }

    /// <summary>Requests whose end the plan tells the workers, by name.</summary>
    public required IReadOnlyList<string> FinishedDelivered { get; init; }

    /// <summary>Requests whose output was applied after planning, with the tokens generated; null when no result was applied.</summary>
    public required IReadOnlyList<TracedCount>? Output { get; init; }

    /// <summary>All requests that ended so far, by name.</summary>
    public required IReadOnlyList<string> FinishedNow { get; init; }

    /// <summary>Free blocks after the result was applied.</summary>
    public required int FreeAfter { get; init; }
}
