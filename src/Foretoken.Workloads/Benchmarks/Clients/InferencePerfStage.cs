using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>One stage of an inference-perf run (<c>load.stages</c>).</summary>
public sealed record InferencePerfStage
{
    /// <summary><c>rate</c>: requests per second.</summary>
    public required double Rate { get; init; }

    /// <summary><c>duration</c>.</summary>
    public required SimDuration Duration { get; init; }

    /// <summary>Requests of the stage: the whole part of rate x duration.</summary>
    public long Requests => (long)(Rate * Duration.TotalSeconds);
}
