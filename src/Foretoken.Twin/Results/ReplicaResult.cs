using Foretoken.Engines.Tiers;
using Foretoken.Kernel.Statistics;

namespace Foretoken.Twin.Results;

/// <summary>What one replica did during a run.</summary>
public sealed record ReplicaResult
{
    /// <summary>Replica number, from 0.</summary>
    public required int Worker { get; init; }

    /// <summary>Number of its pool in <see cref="RunResult.Pools"/>.</summary>
    public int Pool { get; init; }

    /// <summary>Requests it was given.</summary>
    public required long Requests { get; init; }

    /// <summary>Forward passes.</summary>
    public required long Steps { get; init; }

    /// <summary>Time spent in forward passes, nanoseconds.</summary>
    public required long BusyNanoseconds { get; init; }

    /// <summary>Prompt tokens computed (recomputation after preemption included, cached tokens not).</summary>
    public required long PrefillTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Preemptions.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Usable KV blocks.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Most KV blocks in use by running requests at any time.</summary>
    public required int KvBlocksPeak { get; init; }

    /// <summary>Most requests running at any time.</summary>
    public required int RunningPeak { get; init; }

    /// <summary>Most requests waiting in the engine's queue at any time.</summary>
    public required int WaitingPeak { get; init; }

    /// <summary>Occupancy over time. All replicas of a result have the same bin width.</summary>
    public required OccupancyTimeline Timeline { get; init; }

    /// <summary>The turns of its life; null in a run whose fleet stays as it is.</summary>
    public ReplicaLife? Life { get; init; }

    /// <summary>What happened to KV outside the GPU; null where the engine keeps none there. Its timeline has bins of the same width.</summary>
    public TierBook? Tiers { get; init; }
}
