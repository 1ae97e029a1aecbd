using System.Collections.Concurrent;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// The traffic of a study, the same for every candidate: replication r brings the same arrivals and lengths to all of them
/// (common random numbers). Replication 0 is the traffic as it is written or recorded. For several threads at once.
/// </summary>
public abstract class Traffic
{
    /// <summary>Whether a part of it can be played, and the load be raised: not where clients wait for their answers.</summary>
    public abstract bool IsRecorded { get; }

    /// <summary>Names of the workload classes that requests are of; empty where they have none.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Factor that brings the spread between replications to that between days of such traffic: 1 for other seeds,
    /// <see cref="BlockResampling.Stretch"/> for blocks of a trace; 0 where all replications are the same and tell nothing.
    /// </summary>
    public double ReplicationSpread { get; init; } = 1;

    /// <summary>A fresh source.</summary>
    /// <param name="replication">Which replication.</param>
    /// <param name="share">Share of the requests that is played, above 0, at most 1: the first ones.</param>
    /// <param name="speedup">Arrivals come so many times as fast.</param>
    public abstract IRequestSource Open(int replication, double share = 1, double speedup = 1);

    /// <summary>The requests of replication 0; null where they depend on the answers.</summary>
    public abstract Trace? Recorded(int replication);
}

/// <summary>Traffic whose requests are known beforehand.</summary>
/// <param name="record">Makes the requests of a replication.</param>
/// <param name="replay">How they are replayed at all.</param>
public sealed class RecordedTraffic(Func<int, Trace> record, ReplayOptions? replay = null) : Traffic
{
    // Fewer say nothing about a tail.
    private const int FewestRequests = 300;

    private readonly ConcurrentDictionary<int, Lazy<Trace>> _replications = new();

    /// <inheritdoc />
    public override bool IsRecorded => true;

    /// <inheritdoc />
    public override IReadOnlyList<string> Classes => Recorded(0).ClassNames;

    /// <inheritdoc />
    public override Trace Recorded(int replication) => _replications.GetOrAdd(replication, r => new Lazy<Trace>(() => Replayed(record(r)))).Value;

    /// <inheritdoc />
    public override IRequestSource Open(int replication, double share = 1, double speedup = 1)
    {
        var trace = Recorded(replication);
        return new TraceSource(trace, new ReplayOptions { Speedup = speedup, RequestLimit = share >= 1 ? null : Rows(trace.Count, share) });
    }

    // The replay's speed and limit once, so that whoever looks at the requests sees those that are played.
    private Trace Replayed(Trace recorded)
    {
        if (replay is null || (replay.Speedup == 1 && replay.RequestLimit is null))
        {
            return recorded;
        }

        var first = recorded.Select([.. Enumerable.Range(0, (int)Math.Min(recorded.Count, replay.RequestLimit ?? long.MaxValue))]);
        return first with
        {
            Arrivals = [.. first.Arrivals.Select(a => a == SimTime.Never ? a : new SimTime(Scaled(a.Nanoseconds)))],
            Delays = first.Delays is null ? null : [.. first.Delays.Select(d => d.Nanoseconds < 0 ? d : new SimDuration(Scaled(d.Nanoseconds)))],
        };

        long Scaled(long nanoseconds) => replay.Speedup == 1 ? nanoseconds : SimDuration.FromNanoseconds(nanoseconds / replay.Speedup).Nanoseconds;
    }

    /// <summary>Rows of a slice.</summary>
    public static int Rows(int count, double share) => Math.Min(count, Math.Max(FewestRequests, (int)Math.Ceiling(count * share)));
}

/// <summary>Traffic of clients that wait for answers before they send on.</summary>
/// <param name="open">A fresh source of a replication.</param>
public sealed class ReactiveTraffic(Func<int, IRequestSource> open) : Traffic
{
    /// <inheritdoc />
    public override bool IsRecorded => false;

    /// <inheritdoc />
    public override IReadOnlyList<string> Classes { get; } = open(0).Classes;

    /// <inheritdoc />
    public override Trace? Recorded(int replication) => null;

    /// <inheritdoc />
    public override IRequestSource Open(int replication, double share = 1, double speedup = 1) => open(replication);
}
