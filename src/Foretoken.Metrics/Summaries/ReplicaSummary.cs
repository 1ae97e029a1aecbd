using Foretoken.Engines.Tiers;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>One replica's row. Means are over simulated time from the first arrival of the run to its end.</summary>
public sealed record ReplicaSummary
{
    /// <summary>Replica number, from 0.</summary>
    public required int Worker { get; init; }

    /// <summary>Requests it was given.</summary>
    public required long Requests { get; init; }

    /// <summary>Forward passes.</summary>
    public required long Steps { get; init; }

    /// <summary>Share of the time spent in forward passes.</summary>
    public required double BusyFraction { get; init; }

    /// <summary>Prompt tokens computed (recomputation included, cached tokens not).</summary>
    public required long PrefillTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Preemptions.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Usable KV blocks.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Mean share of the KV blocks held by running requests.</summary>
    public required double KvUsageMean { get; init; }

    /// <summary>Highest share at any time.</summary>
    public required double KvUsagePeak { get; init; }

    /// <summary>Mean number of requests running.</summary>
    public required double RunningMean { get; init; }

    /// <summary>Most requests running at any time.</summary>
    public required int RunningPeak { get; init; }

    /// <summary>Mean number of requests waiting.</summary>
    public required double WaitingMean { get; init; }

    /// <summary>Most requests waiting at any time.</summary>
    public required int WaitingPeak { get; init; }

    /// <summary>What happened to KV outside the GPU; null where the engine keeps none there.</summary>
    public TierBook? Tiers { get; init; }

    internal static ReplicaSummary Of(ReplicaResult replica, long span)
    {
        double running = 0;
        double waiting = 0;
        var line = replica.Timeline;
        for (var i = 0; i < line.Bins; i++)
        {
            running += line.Running[i];
            waiting += line.Waiting[i];
        }

        return new ReplicaSummary
        {
            Worker = replica.Worker,
            Requests = replica.Requests,
            Steps = replica.Steps,
            BusyFraction = Share(replica.BusyNanoseconds, span),
            PrefillTokens = replica.PrefillTokens,
            OutputTokens = replica.OutputTokens,
            Preemptions = replica.Preemptions,
            KvBlocks = replica.KvBlocks,
            KvUsageMean = Share(Share(FleetTimeline.BlockNanoseconds(line), span), replica.KvBlocks),
            KvUsagePeak = Share(replica.KvBlocksPeak, replica.KvBlocks),
            RunningMean = Share(running, span),
            RunningPeak = replica.RunningPeak,
            WaitingMean = Share(waiting, span),
            WaitingPeak = replica.WaitingPeak,
            Tiers = replica.Tiers,
        };
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
