using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Scaling;

/// <summary>
/// One future of one action, played beside the run. New requests go to the replica with the fewest in flight, whatever the run's
/// own router is: what a router remembers is not known here. KV goes from one replica to the other at the speed that a transfer
/// has alone.
/// </summary>
/// <remarks>
/// A replica that cannot be copied is made anew: requests that wait or compute their prompt begin with it, and those that generate
/// come as if they were handed over, with their KV and what they have of their answer for a prompt.
/// </remarks>
internal sealed class FuturePlay : IReplicaEvents, IHandOffEvents
{
    private static readonly SimDuration Instant = new(1);
    private readonly FutureStart _start;
    private readonly Future _future;
    private readonly LookAheadOptions _options;
    private readonly SimTime _now;
    private readonly SimTime _end;
    private readonly LogHistogram _gaps;
    private readonly List<FutureCopy> _copies = [];
    private readonly Dictionary<int, FutureCopy> _byWorker = [];
    private readonly PriorityQueue<(Step Step, int Request), (long At, long Order)> _due = new();
    private readonly Dictionary<int, RequestSpec> _underWay = [];
    private readonly HashSet<int> _begun = [];
    private readonly Dictionary<int, Parts> _parts = [];
    private readonly int _prefillPool;
    private long _order;
    private int _watched;
    private long _misses;

    /// <summary>A future from now to an end.</summary>
    /// <param name="start">The fleet.</param>
    /// <param name="future">What comes.</param>
    /// <param name="options">What counts as missed, and what that costs.</param>
    /// <param name="now">The moment.</param>
    /// <param name="end">How far it goes.</param>
    /// <param name="gaps">Gaps between tokens go here; nobody reads them.</param>
    public FuturePlay(FutureStart start, Future future, LookAheadOptions options, SimTime now, SimTime end, LogHistogram gaps)
    {
        (_start, _future, _options, _now, _end, _gaps) = (start, future, options, now, end, gaps);
        _prefillPool = Enumerable.Range(0, start.Pools.Count).FirstOrDefault(i => start.Pools[i].Plan.Role == PoolRole.Prefill);
    }

    private enum Step
    {
        /// <summary>A request looks for its first replica.</summary>
        Enter,

        /// <summary>A request with a computed prompt goes to the replica that generates.</summary>
        Decode,

        /// <summary>Its KV is there.</summary>
        Arrive,
    }

    /// <summary>
    /// GPU seconds of the fleet and missed requests, when so many replicas of each pool come or go now; null when both together
    /// cost <paramref name="budget"/> or more: then it is given up as soon as that is certain.
    /// </summary>
    /// <param name="changes">By number of the pool.</param>
    /// <param name="budget">GPU seconds.</param>
    public (double GpuSeconds, long Misses)? Cost(IReadOnlyList<int> changes, double budget)
    {
        Begin();
        for (var pool = 0; pool < changes.Count; pool++)
        {
            Apply(pool, changes[pool]);
        }

        var left = budget - Floor();
        if (!Play(left))
        {
            return null;
        }

        double seconds = 0;
        foreach (var copy in _copies)
        {
            // A drained one is taken to go at once: what is left of it is the same for every action.
            var goes = copy.Drains && (copy.Replica is null || copy.Replica.RequestsInFlight == 0);
            seconds += goes ? 0 : (_end - _now).TotalSeconds * copy.Plan.GpusPerReplica;
        }

        foreach (var copy in _copies)
        {
            copy.Replica?.Stop(_end);
        }

        while (_due.TryDequeue(out var due, out _))
        {
            if (due.Step != Step.Arrive)
            {
                NoteLate(due.Request, _end);
            }
        }

        return seconds + _misses * _options.GpuSecondsPerMiss < budget ? (seconds, _misses) : null;
    }

    /// <inheritdoc />
    public void Ended(int worker, in RequestRecord record, SimTime at)
    {
        if (_parts.TryGetValue(record.Index, out var parts))
        {
            if (parts.Decode is null && record.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated)
            {
                Post(at + Instant + _start.Disaggregation!.Message, Step.Decode, record.Index);
                return;
            }

            _parts.Remove(record.Index);
            if (parts.Decode is null)
            {
                NoteLate(record.Index, at);
                return;
            }

            Heard(parts.Decode);
        }

        if (_begun.Contains(record.Index))
        {
            return;
        }

        if (record.OutputTokens == 0)
        {
            NoteLate(record.Index, at);
            return;
        }

        var arrival = Arrival(record.Index);
        var slow = record.FirstToken - arrival > _options.Ttft;
        if (record.OutputTokens > 1)
        {
            slow |= (record.LastToken - record.FirstToken).Nanoseconds > _options.Itl.Nanoseconds * (record.OutputTokens - 1);
        }

        // What was missed before the future began is nobody's merit.
        _misses += slow && (record.FirstToken >= _now || record.Index >= _start.FirstFreeRequest) ? 1 : 0;
    }

    /// <inheritdoc />
    public void Reserved(int worker, int request, int cachedTokens, SimTime at)
    {
        var parts = _parts[request];
        var takes = Instant;
        if (!parts.IsThere)
        {
            var transfer = _start.Disaggregation!.Between(parts.Prefill?.Pool ?? _prefillPool, parts.Decode!.Pool);
            var input = Spec(request).InputTokens;
            takes += transfer.Latency + SimDuration.FromSeconds(transfer.Bytes(0, input) / transfer.MostBytesPerSecond(0, input));
        }

        Post(at + takes, Step.Arrive, request);
    }

    /// <inheritdoc />
    public void Computed(int worker, int request, int tokens, SimTime at)
    {
    }

    private SimTime Arrival(int request) => request >= _start.FirstFreeRequest ? _future.Arrivals[request - _start.FirstFreeRequest].At : _start.Arrival(request);

    private RequestSpec Spec(int request)
    {
        if (request < _start.FirstFreeRequest)
        {
            return _underWay[request];
        }

        var (at, input, output) = _future.Arrivals[request - _start.FirstFreeRequest];
        return new RequestSpec { Index = request, Arrival = at, InputTokens = input, OutputTokens = output, Session = -1 };
    }

    // Over without a token: missed once it has waited too long.
    private void NoteLate(int request, SimTime at) => _misses += !_begun.Contains(request) && at - Arrival(request) > _options.Ttft ? 1 : 0;

    private void Post(SimTime at, Step step, int request) => _due.Enqueue((step, request), (at.Nanoseconds, _order++));

    // What the fleet has now. Guesses are drawn in one order, so that all actions meet the same ones.
    private void Begin()
    {
        var random = _future.Random;
        var lengths = _future.Lengths;
        int Guess(int request, int generated)
        {
            // Of the lengths seen, one that is longer than what is there already.
            for (var attempt = 0; attempt < 8; attempt++)
            {
                var (_, output) = lengths[random.NextInt(lengths.Count)];
                if (output > generated)
                {
                    return output;
                }
            }

            return generated + 1 + generated / 2;
        }

        foreach (var replica in _start.Replicas)
        {
            var copy = new FutureCopy { Plan = replica.Plan, Pool = replica.Pool, Serves = replica.Serves, Drains = replica.State == ReplicaState.Draining };
            if (replica.Copied is { } running)
            {
                copy.Replica = running.Copy(replica.Recorder!.Continue(_gaps, this));
                ((ICopyableReplica)copy.Replica).GuessAnswers(Guess);
            }

            _byWorker.Add(replica.Worker, copy);
            _copies.Add(copy);
        }

        // Who generates has its memory and its place before anybody else asks for them.
        foreach (var request in _start.Requests.Where(r => r.Stage == FutureStage.Answer))
        {
            TakeUp(request, Math.Max(Guess(request.Index, request.Generated), request.Generated + 2));
        }

        GiveKv();
        foreach (var request in _start.Requests.Where(r => r.Stage != FutureStage.Answer))
        {
            Continue(request, Math.Max(Guess(request.Index, 0), 2));
        }
    }

    // What a request has of its answer is prompt to a replica that takes it over, unless no prompt may be as long.
    private void TakeUp(in FutureRequest request, int output)
    {
        var copy = _byWorker[request.Worker];
        var spec = Spec(request, output - request.Generated);
        var grown = spec;
        grown.InputTokens += request.Generated;
        _underWay.Add(request.Index, copy.Plan.Engine.Accepts(grown) ? grown : spec);
        _begun.Add(request.Index);
        _parts.Add(request.Index, new Parts { Decode = copy, IsThere = true });
        Decode(request.Index, _now);
    }

    // As far as there is memory for it; what is left waits for its reservation as everybody does.
    private void GiveKv()
    {
        foreach (var copy in _copies.Where(c => c.Awaits > 0))
        {
            while (copy.Replica!.NextWake == _now)
            {
                copy.Replica.Plan(_now);
                while (_due.TryPeek(out var due, out _) && due.Step == Step.Arrive)
                {
                    Arrive(_due.Dequeue().Request, _now);
                }
            }
        }
    }

    private void Continue(in FutureRequest request, int output)
    {
        _underWay.Add(request.Index, Spec(request, output));
        var copy = request.Worker < 0 ? null : _byWorker[request.Worker];
        switch (request.Stage)
        {
            case FutureStage.Sent:
                _parts.Add(request.Index, new Parts { Decode = copy });
                Post(_now, Step.Decode, request.Index);
                break;
            case FutureStage.Prompt:
                Submit(copy!, _underWay[request.Index], _now);
                break;
            default:
                Post(_now, Step.Enter, request.Index);
                break;
        }
    }

    private RequestSpec Spec(in FutureRequest request, int output) =>
        new() { Index = request.Index, Arrival = _start.Arrival(request.Index), InputTokens = request.Input, OutputTokens = output, Session = -1 };

    private void Apply(int pool, int change)
    {
        for (; change > 0; change--)
        {
            _copies.Add(new FutureCopy { Plan = _start.Pools[pool].Plan, Pool = pool, Serves = _now + _start.Pools[pool].StartUp });
        }

        for (; change < 0; change++)
        {
            // As the desk does it: those that do not serve first, the newest first.
            var goes = _copies.FindLastIndex(c => c.Pool == pool && !c.Drains && c.Serves > _now);
            if (goes >= 0)
            {
                _copies.RemoveAt(goes);
                continue;
            }

            goes = _copies.FindLastIndex(c => c.Pool == pool && !c.Drains);
            _copies[goes].Drains = true;
        }
    }

    // What those cost that stay until the end.
    private double Floor() => _copies.Sum(c => c.Drains ? 0 : c.Plan.GpusPerReplica * (_end - _now).TotalSeconds);

    // False when it was given up: the misses alone cost more than what is left.
    private bool Play(double left)
    {
        var next = 0;
        while (_misses == 0 ? left > 0 : _misses * _options.GpuSecondsPerMiss < left)
        {
            var arrival = next < _future.Arrivals.Count ? _future.Arrivals[next].At : SimTime.Never;
            var due = _due.TryPeek(out _, out var key) ? new SimTime(key.At) : SimTime.Never;
            var woken = NextWatched(out var wake);
            var at = SimTime.Min(SimTime.Min(arrival, due), wake);
            if (at >= _end)
            {
                foreach (var copy in _copies)
                {
                    copy.Replica?.AdvanceTo(_end);
                }

                return true;
            }

            if (due <= at)
            {
                Act(_due.Dequeue(), at);
            }
            else if (arrival <= at)
            {
                Enter(_start.FirstFreeRequest + next++, at);
            }
            else
            {
                woken!.Replica!.AdvanceTo(at);
                if (woken.Replica.NextWake == at)
                {
                    woken.Replica.Plan(at);
                }
            }
        }

        return false;
    }

    private FutureCopy? NextWatched(out SimTime at)
    {
        at = SimTime.Never;
        FutureCopy? first = null;
        if (_watched == 0)
        {
            return first;
        }

        foreach (var copy in _copies)
        {
            if (copy.IsWatched && copy.Replica!.NextWake is var wake && wake < at)
            {
                (at, first) = (wake, copy);
            }
        }

        return first;
    }

    private void Act((Step Step, int Request) due, SimTime at)
    {
        switch (due.Step)
        {
            case Step.Enter:
                Enter(due.Request, at);
                break;
            case Step.Decode:
                Decode(due.Request, at);
                break;
            default:
                Arrive(due.Request, at);
                break;
        }
    }

    private void Enter(int request, SimTime at)
    {
        var spec = Spec(request);
        var decodes = _start.Disaggregation is not null && IsLocal(spec);
        if (Choose(decodes, at) is { } copy)
        {
            Submit(copy, spec, at);
        }
        else
        {
            Wait(request, decodes, Step.Enter, at);
        }
    }

    private bool IsLocal(in RequestSpec request)
    {
        if (_start.Disaggregation!.Local is not { } local)
        {
            return false;
        }

        var prefills = _copies.Where(c => c.Plan.Role == PoolRole.Prefill && !c.Drains).ToList();
        return request.InputTokens <= local.MostUncachedTokens
            || (local.PrefillQueueMost is { } most && prefills.Sum(c => c.Replica?.RequestsInFlight ?? 0) - prefills.Count >= most);
    }

    // A whole request, or the prompt of one whose answer is somebody else's.
    private void Submit(FutureCopy copy, in RequestSpec spec, SimTime at)
    {
        var replica = Ready(copy, at);
        if (copy.Plan.Role != PoolRole.Prefill)
        {
            replica.Submit(spec, at);
            return;
        }

        _parts.Add(spec.Index, new Parts { Prefill = copy });
        ((IHandOffReplica)replica).Submit(spec, RequestPart.Prefill, at);
    }

    private void Decode(int request, SimTime at)
    {
        var parts = _parts[request];
        var copy = parts.Decode ?? Choose(decodes: true, at);
        if (copy is null)
        {
            Wait(request, decodes: true, Step.Decode, at);
            return;
        }

        parts.Decode = copy;
        var replica = (IHandOffReplica)Ready(copy, at);
        copy.Awaits++;
        _watched++;
        replica.Submit(Spec(request), RequestPart.Decode, at);
    }

    private void Arrive(int request, SimTime at)
    {
        // Over before its KV came: it was refused.
        if (!_parts.Remove(request, out var parts))
        {
            return;
        }

        Heard(parts.Decode!);
        ((IHandOffReplica)Ready(parts.Decode!, at)).KvArrived(request, at);
        if (parts.Prefill is { } holds)
        {
            ((IHandOffReplica)Ready(holds, at)).ReleaseKv(request, at);
        }
    }

    private void Heard(FutureCopy copy)
    {
        copy.Awaits--;
        _watched--;
    }

    private void Wait(int request, bool decodes, Step step, SimTime at)
    {
        var next = SimTime.Never;
        foreach (var copy in _copies)
        {
            next = copy.Drains || copy.Plan.Role == PoolRole.Decode != decodes || copy.Serves <= at ? next : SimTime.Min(next, copy.Serves);
        }

        if (next < _end)
        {
            Post(next, step, request);
        }
        else
        {
            NoteLate(request, _end);
        }
    }

    // Of those that generate only, or of those that requests go to first.
    private FutureCopy? Choose(bool decodes, SimTime at)
    {
        FutureCopy? chosen = null;
        var least = int.MaxValue;
        foreach (var copy in _copies)
        {
            if (copy.Plan.Role == PoolRole.Decode != decodes || copy.Drains || copy.Serves > at)
            {
                continue;
            }

            // What is in flight only changes when something ends.
            if (copy.Replica is { } replica && replica.NextWake <= at)
            {
                replica.AdvanceTo(at);
            }

            var load = copy.Replica?.RequestsInFlight ?? 0;
            if (load < least)
            {
                (least, chosen) = (load, copy);
            }
        }

        return chosen;
    }

    private IReplica Ready(FutureCopy copy, SimTime at)
    {
        if (copy.Replica is null)
        {
            copy.Replica = FutureCopy.Create(copy.Plan, new ReplicaRecorder(0, _gaps, this) { HandOff = this }, _start.Seed);
            _watched += copy.Plan.Role == PoolRole.Prefill ? 1 : 0;
        }

        copy.Replica.AdvanceTo(at);
        return copy.Replica;
    }

    // A request whose prompt and answer are computed in different places, or that goes on in a replica that was made anew.
    private sealed class Parts
    {
        public FutureCopy? Prefill { get; init; }

        public FutureCopy? Decode { get; set; }

        /// <summary>Its KV need not be sent.</summary>
        public bool IsThere { get; init; }
    }
}
