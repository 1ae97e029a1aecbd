using Foretoken.Engines.HandOff;
using Foretoken.Engines.Tiers;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// What a replica writes down as it lives, whichever engine mode drives it. The two modes must leave the same numbers here.
/// </summary>
public sealed class ReplicaRecorder(int worker, LogHistogram tokenGaps, IReplicaEvents events)
{
    /// <summary>The replica's number.</summary>
    public int Worker { get; } = worker;

    /// <summary>Pooled gaps between consecutive tokens of a request (nanoseconds), shared by all replicas of a run.</summary>
    public LogHistogram TokenGaps { get; } = tokenGaps;

    /// <summary>Tokens that reach the client together (<see cref="EngineSettings.StreamInterval"/>).</summary>
    public int StreamInterval { get; init; } = 1;

    /// <summary>Receives the ends of requests.</summary>
    public IReplicaEvents Events { get; } = events;

    /// <summary>Hears what happens, step by step; null, as always but for explanations and traces: nobody listens.</summary>
    public IReplicaTrace? Trace { get; init; }

    /// <summary>Hears of hand-offs between replicas; null when there are none.</summary>
    public IHandOffEvents? HandOff { get; init; }

    /// <summary>Receives what the prefix cache stores and forgets; null when nobody listens.</summary>
    public KvEventBuffer? Kv { get; init; }

    /// <summary>
    /// Occupancy over time. <see cref="OccupancyTimeline.Set"/> is called after every submission, every planned step and every
    /// step end (in this order at equal times: step end, submissions, plan). KV blocks in use = usable - free, where cached
    /// blocks that no request holds count as free.
    /// </summary>
    public OccupancyTimeline Timeline { get; } = new();

    /// <summary>Requests submitted.</summary>
    public long Requests { get; set; }

    /// <summary>Forward passes started.</summary>
    public long Steps { get; set; }

    /// <summary>Sum of the durations of the forward passes started, nanoseconds.</summary>
    public long BusyNanoseconds { get; set; }

    /// <summary>Prompt tokens computed, in steps started.</summary>
    public long PrefillTokens { get; set; }

    /// <summary>Tokens generated (delivered at step ends).</summary>
    public long OutputTokens { get; set; }

    /// <summary>Preemptions.</summary>
    public long Preemptions { get; set; }

    /// <summary>Most KV blocks in use after any planned step.</summary>
    public int KvBlocksPeak { get; set; }

    /// <summary>Most requests running after any planned step.</summary>
    public int RunningPeak { get; set; }

    /// <summary>Most requests waiting after any submission or planned step.</summary>
    public int WaitingPeak { get; set; }

    /// <summary>The remote store that the replicas of a run have together; null when each has its own or none.</summary>
    public SharedTier? SharedTier { get; init; }

    /// <summary>What happened to KV outside the GPU; null where the engine has none there.</summary>
    public TierBook? Tiers { get; set; }

    /// <summary>End of the last step, nanoseconds.</summary>
    public long LastStepEnd { get; set; }

    /// <summary>A recorder for a copy of the replica: it counts on from here, into gaps and events of its own, with a timeline that begins empty.</summary>
    public ReplicaRecorder Continue(LogHistogram gaps, IReplicaEvents events)
    {
        var copy = new ReplicaRecorder(Worker, gaps, events)
        {
            StreamInterval = StreamInterval,
            Requests = Requests,
            Steps = Steps,
            BusyNanoseconds = BusyNanoseconds,
            PrefillTokens = PrefillTokens,
            OutputTokens = OutputTokens,
            Preemptions = Preemptions,
            KvBlocksPeak = KvBlocksPeak,
            RunningPeak = RunningPeak,
            WaitingPeak = WaitingPeak,
            LastStepEnd = LastStepEnd,
        };
        copy.Timeline.Hold(Timeline.Now);
        return copy;
    }

    /// <summary>A request that the engine does not take ends where it arrives. The timeline stands at <paramref name="now"/>.</summary>
    internal void Refuse(int request, SimTime now)
    {
        Timeline.CountArrival();
        Timeline.CountCompletion();
        var refused = RequestRecord.New(request);
        refused.Outcome = RequestOutcome.Rejected;
        Events.Ended(Worker, refused, now);
    }
}
