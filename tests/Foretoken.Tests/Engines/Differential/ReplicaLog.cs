using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>Writes down all that a replica tells, as text that can be compared.</summary>
internal sealed class ReplicaLog : IReplicaEvents
{
    public ReplicaLog(ReplicaRecorder? recorder = null) => Recorder = recorder ?? new ReplicaRecorder(0, new LogHistogram(), this);

    public ReplicaRecorder Recorder { get; }

    public List<string> Lines { get; } = [];

    public void Ended(int worker, in RequestRecord record, SimTime at) =>
        Lines.Add($"{record.Index} {record.Outcome} at {at}: scheduled {record.Scheduled} first {record.FirstToken} second {record.SecondToken} "
            + $"last {record.LastToken} out {record.OutputTokens} cached {record.CachedTokens} preempted {record.Preemptions}");

    /// <summary>All the recorder's numbers.</summary>
    public IEnumerable<string> Numbers()
    {
        var r = Recorder;
        yield return $"requests {r.Requests} steps {r.Steps} busy {r.BusyNanoseconds} prefill {r.PrefillTokens} out {r.OutputTokens} preempted {r.Preemptions}";
        yield return $"peaks {r.KvBlocksPeak} {r.RunningPeak} {r.WaitingPeak} end {r.LastStepEnd}";
        yield return $"gaps {r.TokenGaps.Count} {r.TokenGaps.Minimum} {r.TokenGaps.Maximum} {r.TokenGaps.Mean}";
        yield return "gap buckets " + string.Join(' ', r.TokenGaps.Buckets());
        var t = r.Timeline;
        yield return $"timeline {t.Width} {t.Bins}";
        yield return "running " + string.Join(' ', t.Running.ToArray());
        yield return "waiting " + string.Join(' ', t.Waiting.ToArray());
        yield return "blocks " + string.Join(' ', t.Blocks.ToArray());
        yield return "arrivals " + string.Join(' ', t.Arrivals.ToArray());
        yield return "completions " + string.Join(' ', t.Completions.ToArray());
        yield return "tokens " + string.Join(' ', t.Tokens.ToArray());
        if (r.Tiers is { } book)
        {
            yield return $"loads {book.Loads} in {book.LoadTime}, stalls {book.StallTime}, deferred {book.Deferred}, refused {book.RefusedStores}";
            foreach (var tier in book.Tiers)
            {
                yield return tier.ToString();
            }

            foreach (var kind in Enum.GetValues<TierEvent>())
            {
                yield return $"{kind} " + string.Join(' ', Enumerable.Range(0, book.Timeline.Bins).Select(bin => book.Timeline[kind, bin]));
            }
        }
    }
}
