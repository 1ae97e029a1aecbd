using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Twin.Results;

/// <summary>Everything a run produced. A function of (scenario, trace, seed): nothing in it depends on the wall clock.</summary>
public sealed record RunResult
{
    /// <summary>One row per request.</summary>
    public required RequestTable Requests { get; init; }

    /// <summary>Names of the workload classes that requests are of (<see cref="RequestTable.Class"/>); empty where they have none.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>One entry per replica.</summary>
    public required IReadOnlyList<ReplicaResult> Replicas { get; init; }

    /// <summary>What the replicas were made from.</summary>
    public IReadOnlyList<PoolResult> Pools { get; init; } = [];

    /// <summary>All gaps between consecutive tokens of a request, in nanoseconds, pooled over requests.</summary>
    public required LogHistogram TokenGaps { get; init; }

    /// <summary>What was handed from prefill to decode replicas; null when every replica served whole requests.</summary>
    public HandOffTable? HandOffs { get; init; }

    /// <summary>End of the last step.</summary>
    public required SimTime End { get; init; }

    /// <summary>Why the run ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>64-bit fingerprint over every dispatch decision and every request's result.</summary>
    public required ulong Fingerprint { get; init; }

    /// <summary>Engine mode that ran: <c>fast</c> or <c>plain</c>, or <c>fast and plain</c> where pools differ.</summary>
    public required string EngineMode { get; init; }

    /// <summary>
    /// Requests of the measured part: issued at or after the warm-up's end. Rows before this index are warm-up and are left
    /// out of the metrics.
    /// </summary>
    public int WarmUpRequests { get; init; }

    /// <summary>What scalers and planned changes did; null in a run whose fleet stays as it is.</summary>
    public ScalingResult? Scaling { get; init; }
}
