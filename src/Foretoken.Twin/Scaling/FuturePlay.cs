using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Scaling;

/// <summary>
/// One future of one action, played on copies. New requests go to the replica with the fewest in flight, whatever the run's own
/// router is: what a router remembers is not copied.
/// </summary>
internal sealed class FuturePlay : IReplicaEvents
{
    private readonly IFutureSource _source;
    private readonly Future _future;
    private readonly LookAheadOptions _options;
    private readonly SimTime _now;
    private readonly SimTime _end;
    private readonly LogHistogram _gaps = new();
    private readonly List<Copy> _copies = [];
    private readonly int _first;
    private long _misses;

    /// <summary>A future from now to an end.</summary>
    public FuturePlay(IFutureSource source, Future future, LookAheadOptions options, SimTime now, SimTime end)
    {
        (_source, _future, _options, _now, _end) = (source, future, options, now, end);
        _first = source.FirstFreeRequest;
    }

    /// <summary>GPU seconds of the fleet and missed requests, when so many replicas come or go now.</summary>
    public (double GpuSeconds, long Misses) Cost(int change)
    {
        var random = _future.Random;
        int Guess(int request, int generated)
        {
            // Of the lengths seen, one that is longer than what is there already.
            for (var attempt = 0; attempt < 8; attempt++)
            {
                var (_, output) = _source.Lengths[random.NextInt(_source.Lengths.Count)];
                if (output > generated)
                {
                    return output;
                }
            }

            return generated + 1 + generated / 2;
        }

        foreach (var replica in _source.Replicas())
        {
            var copy = new Copy { Serves = replica.Serves, Drains = replica.State == ReplicaState.Draining, From = _now };
            if (replica.Replica is { } running)
            {
                copy.Replica = running.Copy(replica.Recorder!.Continue(_gaps, this));
                ((ICopyableReplica)copy.Replica).GuessAnswers(Guess);
            }

            _copies.Add(copy);
        }

        Apply(change);
        var gpus = _source.Pool.GpusPerReplica;
        Play();
        double seconds = 0;
        foreach (var copy in _copies)
        {
            seconds += (SimTime.Min(copy.Until, _end) - copy.From).TotalSeconds;
        }

        return (seconds * gpus, _misses);
    }

    /// <inheritdoc />
    public void Ended(int worker, in RequestRecord record, SimTime at)
    {
        var arrival = record.Index >= _first ? _future.Arrivals[record.Index - _first].At : _source.Arrival(record.Index);
        if (record.OutputTokens == 0)
        {
            // Cut off by the end of the future: missed once it has waited too long.
            _misses += at - arrival > _options.Ttft ? 1 : 0;
            return;
        }

        var slow = record.FirstToken - arrival > _options.Ttft;
        if (record.OutputTokens > 1)
        {
            slow |= (record.LastToken - record.FirstToken).Nanoseconds > _options.Itl.Nanoseconds * (record.OutputTokens - 1);
        }

        // What was missed before the future began is nobody's merit.
        _misses += slow && (record.FirstToken >= _now || record.Index >= _first) ? 1 : 0;
    }

    private void Apply(int change)
    {
        for (; change > 0; change--)
        {
            _copies.Add(new Copy { Serves = _now + _source.StartUp, From = _now });
        }

        for (; change < 0; change++)
        {
            // As the desk does it: those that do not serve first, the newest first.
            var goes = _copies.FindLastIndex(c => !c.Drains && c.Serves > _now);
            if (goes >= 0)
            {
                _copies.RemoveAt(goes);
                continue;
            }

            goes = _copies.FindLastIndex(c => !c.Drains);
            _copies[goes].Drains = true;
        }
    }

    private void Play()
    {
        for (var i = 0; i < _future.Arrivals.Count; i++)
        {
            var (at, input, output) = _future.Arrivals[i];
            Copy? chosen = null;
            foreach (var copy in _copies)
            {
                if (copy.Drains || copy.Serves > at)
                {
                    continue;
                }

                copy.Replica ??= _source.Create(new ReplicaRecorder(0, _gaps, this));

                // What is in flight only changes when something ends.
                if (copy.Replica.NextWake <= at)
                {
                    copy.Replica.AdvanceTo(at);
                }

                chosen = chosen is null || copy.Replica.RequestsInFlight < chosen.Replica!.RequestsInFlight ? copy : chosen;
            }

            if (chosen is null)
            {
                // Nobody serves: it waits until the end of the future or until somebody does; counted as missed if that is too late.
                var next = _copies.Where(c => !c.Drains).Select(c => c.Serves).DefaultIfEmpty(_end).Min(t => t.Nanoseconds);
                _misses += next - at.Nanoseconds > _options.Ttft.Nanoseconds ? 1 : 0;
                continue;
            }

            chosen.Replica!.AdvanceTo(at);
            chosen.Replica.Submit(new RequestSpec { Index = _first + i, Arrival = at, InputTokens = input, OutputTokens = output, Session = -1 }, at);
        }

        foreach (var copy in _copies)
        {
            if (copy.Replica is null)
            {
                continue;
            }

            copy.Replica.AdvanceTo(_end);
            copy.Until = copy.Drains && copy.Replica.RequestsInFlight == 0 ? _now : SimTime.Never;
            copy.Replica.Stop(_end);
        }
    }

    private sealed class Copy
    {
        public IReplica? Replica { get; set; }

        public SimTime Serves { get; init; }

        public bool Drains { get; set; }

        /// <summary>From when it is paid for.</summary>
        public SimTime From { get; init; }

        /// <summary>Until when it is paid for. A drained one is taken to go at once: what is left of it is the same for every action.</summary>
        public SimTime Until { get; set; } = SimTime.Never;
    }
}
