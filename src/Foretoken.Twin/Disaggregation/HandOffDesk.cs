using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Network;
using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Twin.Results;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Running;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Disaggregation;

/// <summary>
/// Takes requests through prefill routers, prefill replicas, the network, decode routers and decode replicas, in the order of the
/// engine's own hand-off. Stands between the replicas of both roles and the run's book: to everybody else a request that was
/// handed over is one request, with one outcome.
/// </summary>
/// <remarks>
/// What a replica tells is acted upon a nanosecond later at the earliest, and all that is due at one moment in the order of kind
/// and request number: so it does not matter in which order replicas happened to be moved on at one moment, and the fast engines
/// give what the plain ones give.
/// </remarks>
internal sealed partial class HandOffDesk : IRunPart, IReplicaEvents, IHandOffEvents, IFrontDoor
{
    private readonly DisaggregationPlan _plan;
    private readonly RunBook _book;
    private readonly FrontendQueue _frontend;
    private readonly RunPlan _run;
    private readonly PriorityQueue<(Kind Kind, int Request, int Tokens), (long At, Kind Kind, int Request)> _due = new();
    private readonly Dictionary<int, HandOff> _open = [];
    private readonly FlowNetwork _network = new();
    private readonly List<(int Out, int In)> _links = [];
    private readonly int _shared = -1;
    private readonly SeenPrefixes? _seen;
    private ReplicaFleet _fleet = null!;
    private RouterQueue? _held;
    private int _openPrefills;
    private RouterDesk _prefillRouter = null!;

    public HandOffDesk(RunPlan run, RunBook book, FrontendQueue frontend)
    {
        _run = run;
        _plan = run.Disaggregation!;
        _book = book;
        _frontend = frontend;
        var decode = run.Pools.First(p => p.Role == PoolRole.Decode);
        DecodeRouter = new RouterDesk(_plan.DecodeRouting, run.RouterTiming, unchecked(run.Seed + 1), run.Source.Tree, decode.Engine.KvBlockTokens, frontend, this);
        _seen = _plan.Local is null ? null : new SeenPrefixes(run.Source.Tree);
        if (_plan.SharedBytesPerSecond is { } shared)
        {
            _shared = _network.AddLink(shared);
        }
    }

    private enum Kind : byte
    {
        /// <summary>The decode side chooses a replica, or has chosen, and it gets the request.</summary>
        Decode,

        /// <summary>The prefill replica gets the request.</summary>
        Prefill,

        /// <summary>The next stretch of KV is put on the network.</summary>
        Send,
    }

    /// <summary>What was handed over so far.</summary>
    public HandOffTable Table { get; } = new();

    /// <inheritdoc />
    public SimTime Next => SimTime.Min(DueAt, _network.Next);

    /// <inheritdoc />
    public Phase Phase => _network.Next <= DueAt ? Phase.Transfer : Phase.Arrival;

    // Asked for after everything that happens anywhere: the time of the first of what is due.
    private SimTime DueAt { get; set; } = SimTime.Never;

    /// <summary>The router of the replicas that generate.</summary>
    public RouterDesk DecodeRouter { get; }

    /// <summary>The replicas, the router of those that compute prompts, and its queue if it has one: to be told before the first request.</summary>
    public void Serve(ReplicaFleet fleet, RouterDesk prefillRouter, RouterQueue? held) => (_fleet, _prefillRouter, _held) = (fleet, prefillRouter, held);

    /// <summary>Polls the decode replicas, if that is due by <paramref name="next"/>.</summary>
    public void PollBefore(SimTime next)
    {
        if (DecodeRouter.NextPoll <= next && next != SimTime.Never)
        {
            DecodeRouter.Poll(next);
        }
    }

    /// <summary>A request arrives from a client.</summary>
    public void Take(in RequestSpec request, SimTime now)
    {
        LastArrival = now;
        if (CanEnter)
        {
            Enter(request, now, waited: false);
            return;
        }

        _book.IssueHeld(request);
        _front.Enqueue(request);
        HeldEver++;
    }

    /// <summary>A request that the prefill router held back may go.</summary>
    public void Resume(in RequestSpec request, SimTime now)
    {
        if (!_heldFor.Remove(request.Index, out var decode))
        {
            if (CanEnter)
            {
                Begin(request, -1, now, waited: true);
            }
            else
            {
                _front.Enqueue(request);
                HeldEver++;
            }

            return;
        }

        _coming[decode]--;
        _needed[decode]--;
        Begin(request, decode, now, waited: true);
        _scaler?.Freed(decode, now);
    }

    /// <summary>A request that the prefill router held back is given up.</summary>
    public void Forget(in RequestSpec request, SimTime now)
    {
        if (_heldFor.Remove(request.Index, out var decode))
        {
            _coming[decode]--;
            _needed[decode]--;
            Unroute(request, decode, now);
            _scaler?.Freed(decode, now);
        }
    }

    /// <inheritdoc />
    public void Act(SimTime now)
    {
        if (_network.Next <= DueAt)
        {
            Invariant.That(_network.TryTakeEnded(now, out var ended));
            Delivered((int)ended, now);
            return;
        }

        var (kind, index, tokens) = _due.Dequeue();
        DueAt = _due.TryPeek(out _, out var next) ? new SimTime(next.At) : SimTime.Never;
        if (!_open.TryGetValue(index, out var handOff))
        {
            return;
        }

        switch (kind)
        {
            case Kind.Prefill:
                handOff.IsAtPrefill = true;
                _coming[handOff.PrefillWorker]--;
                _fleet.Submit(handOff.PrefillWorker, handOff.Request, RequestPart.Prefill, now);
                break;
            case Kind.Decode:
                EnterDecode(handOff, now);
                break;
            default:
                Send(handOff, tokens, now);
                break;
        }
    }

    /// <summary>The run stops: what is on its way between two replicas ends, too.</summary>
    public void Halt(SimTime now)
    {
        foreach (var handOff in _open.Values.OrderBy(h => h.Request.Index).ToArray())
        {
            var record = RequestRecord.New(handOff.Request.Index);
            record.Outcome = RequestOutcome.Unfinished;
            Finish(handOff, Math.Max(handOff.PrefillWorker, 0), record, now);
        }

        while (_front.TryDequeue(out var request))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Unfinished;
            ((IReplicaEvents)_book).Ended(0, record, now);
        }
    }

    /// <summary>Where requests stand that are on their way between two replicas, for a run that cannot go on; empty without any.</summary>
    public string Describe() => string.Concat(_open.Values.OrderBy(h => h.Request.Index).Take(3).Select(h =>
        $"; request {h.Request.Index}: "
        + (h.PrefillEnd == SimTime.Never ? $"prompt not computed on replica {h.PrefillWorker}" : $"prompt computed on replica {h.PrefillWorker}")
        + (h.Reserved == SimTime.Never ? $", no memory reserved on replica {h.DecodeWorker}" : $", memory reserved on replica {h.DecodeWorker}")
        + (h.Arrived == SimTime.Never ? $", {h.Sent} of {h.Request.InputTokens} tokens sent" : ", KV there")));

    /// <summary>The links' use, for the result.</summary>
    public HandOffTable Conclude()
    {
        var links = new List<LinkUse>();
        if (_shared >= 0)
        {
            links.Add(new LinkUse("shared", _network.BytesPerSecond(_shared), _network.BytesCarried(_shared)));
        }

        for (var worker = 0; worker < _links.Count; worker++)
        {
            var (exit, entry) = _links[worker];
            if (exit >= 0)
            {
                links.Add(new LinkUse($"replica {worker} out", _network.BytesPerSecond(exit), _network.BytesCarried(exit)));
            }

            if (entry >= 0)
            {
                links.Add(new LinkUse($"replica {worker} in", _network.BytesPerSecond(entry), _network.BytesCarried(entry)));
            }
        }

        Table.Links = links;
        return Table;
    }

    // A request goes in: all that it needs at once is there.
    private void Enter(in RequestSpec request, SimTime now, bool waited)
    {
        var decode = -1;
        if (_plan.Local is { } local)
        {
            decode = Route(DecodeRouter, request, now);
            if (IsLocal(local, request, decode))
            {
                _seen!.Add(decode, request);
                Table.Local++;
                Issue(request, decode, now, waited);
                SubmitWhole(request, decode, now);
                return;
            }
        }

        if (_held is not null && _held.Judge(request, now) is { Admission: not Admission.Enters } judged)
        {
            if (!waited)
            {
                _book.IssueHeld(request);
            }

            if (judged.Admission == Admission.Refused)
            {
                _book.Shed(request, judged.Reason!, now);
                Unroute(request, decode, now);
                return;
            }

            _run.Trace?.Held(request.Index, judged.Reason!, now);
            if (decode >= 0)
            {
                _heldFor.Add(request.Index, decode);
                Expect(decode);
            }

            _held.Add(request, now);
            return;
        }

        Begin(request, decode, now, waited);
    }

    // It was to be decoded there, and does not come.
    private void Unroute(in RequestSpec request, int decode, SimTime now)
    {
        if (decode >= 0)
        {
            DecodeRouter.Forget(decode, Refused(request), now);
        }
    }

    // One replica serves all of it.
    private void SubmitWhole(in RequestSpec request, int worker, SimTime now)
    {
        if (!_frontend.Hold(request, worker, _fleet.Pool(worker).Frontend, now))
        {
            _fleet.Submit(worker, request, now);
        }
    }

    private void Issue(in RequestSpec request, int worker, SimTime now, bool waited)
    {
        if (waited)
        {
            _book.Dispatch(request, worker, now);
        }
        else
        {
            _book.Issue(request, worker);
        }
    }

    private void Begin(in RequestSpec request, int decode, SimTime now, bool waited)
    {
        if (decode >= 0)
        {
            _seen!.Add(decode, request);
        }

        var prefill = Route(_prefillRouter, request, now);
        Issue(request, prefill, now, waited);
        if (_fleet.Pool(prefill).Role == PoolRole.Aggregated)
        {
            SubmitWhole(request, prefill, now);
            return;
        }

        var handOff = new HandOff { Request = request, PrefillWorker = prefill, DecodeWorker = decode };
        if (!Accepted(handOff, now))
        {
            return;
        }

        _openPrefills++;
        Expect(prefill);
        if (_plan.Order == HandOffOrder.DecodeFirst && decode < 0)
        {
            handOff.DecodeWorker = decode = Route(DecodeRouter, request, now);
        }

        if (decode >= 0)
        {
            Chosen(handOff);
        }

        _open.Add(request.Index, handOff);
        handOff.PrefillDue = now + _fleet.Pool(prefill).Frontend.Inbound(request.InputTokens);
        if (_plan.Order == HandOffOrder.DecodeFirst)
        {
            Post(now + _fleet.Pool(decode).Frontend.Inbound(request.InputTokens), Kind.Decode, request.Index);
        }
        else
        {
            Post(handOff.PrefillDue, Kind.Prefill, request.Index);
        }
    }

    // Both sides have to take the whole request: otherwise it is refused before anything is computed, or, where it takes the
    // choice of a decode pool to know, before it gets there.
    private bool Accepted(HandOff handOff, SimTime now)
    {
        var request = handOff.Request;
        var decodes = handOff.DecodeWorker >= 0 ? _fleet.Pool(handOff.DecodeWorker).Engine.Accepts(request) : _run.Pools.Any(p => p.Role == PoolRole.Decode && p.Engine.Accepts(request));
        if (decodes && _fleet.Pool(handOff.PrefillWorker).Engine.Accepts(request))
        {
            return true;
        }

        var record = Refused(request);
        ((IReplicaEvents)_prefillRouter).Ended(handOff.PrefillWorker, record, now);
        if (handOff.DecodeWorker >= 0)
        {
            ((IReplicaEvents)DecodeRouter).Ended(handOff.DecodeWorker, record, now);
        }

        return false;
    }

    private static RequestRecord Refused(in RequestSpec request)
    {
        var record = RequestRecord.New(request.Index);
        record.Outcome = RequestOutcome.Rejected;
        return record;
    }

    private bool IsLocal(LocalPrefill local, in RequestSpec request, int decode) =>
        request.InputTokens - _seen!.Find(decode, request) <= local.MostUncachedTokens
        || (local.PrefillQueueMost is { } most && _openPrefills - _prefillRouter.WorkerCount >= most);

    private int Route(RouterDesk router, in RequestSpec request, SimTime now)
    {
        if (router.AsksWorkers)
        {
            _fleet.AdvanceAll(now);
        }

        return router.Route(request, now);
    }

    private void EnterDecode(HandOff handOff, SimTime now)
    {
        var request = handOff.Request;
        if (handOff.DecodeWorker < 0)
        {
            if (!DecodeRouter.HasWorkers)
            {
                _behind.Enqueue(handOff);
                HeldEver++;
                return;
            }

            handOff.DecodeWorker = Route(DecodeRouter, request, now);
            Chosen(handOff);
            var rest = _fleet.Pool(handOff.DecodeWorker).Frontend.Inbound(request.InputTokens) - LeastInbound(request);
            if (rest > SimDuration.Zero)
            {
                Post(now + rest, Kind.Decode, request.Index);
                return;
            }
        }

        if (!_fleet.Pool(handOff.DecodeWorker).Engine.Accepts(request))
        {
            Refuse(handOff, now);
            return;
        }

        handOff.IsAtDecode = true;
        _coming[handOff.DecodeWorker]--;
        _book.Move(request.Index, handOff.DecodeWorker);
        _fleet.Submit(handOff.DecodeWorker, request, RequestPart.Decode, now);
    }

    // The decode side never saw it; the prefill side may have computed it, or may never have either.
    private void Refuse(HandOff handOff, SimTime now)
    {
        var record = Refused(handOff.Request);
        if (handOff.PrefillEnd == SimTime.Never)
        {
            ((IReplicaEvents)_prefillRouter).Ended(handOff.PrefillWorker, record, now);
        }

        ((IReplicaEvents)DecodeRouter).Ended(handOff.DecodeWorker, record, now);
        if (handOff.PrefillEnd != SimTime.Never)
        {
            var request = handOff.Request.Index;
            Do(handOff.PrefillWorker, now, r => r.ReleaseKv(request, now));
        }
    }

    private void Finish(HandOff handOff, int worker, in RequestRecord record, SimTime at)
    {
        _open.Remove(handOff.Request.Index);
        Leave(handOff, at);
        var merged = record;
        if (handOff.PrefillEnd != SimTime.Never)
        {
            merged.Scheduled = handOff.PrefillRecord.Scheduled;
            merged.CachedTokens = handOff.PrefillRecord.CachedTokens;
            merged.Preemptions += handOff.PrefillRecord.Preemptions;
        }

        Table.Rows.Add(new HandOffRow(handOff.Request.Index, handOff.PrefillWorker, handOff.DecodeWorker, handOff.PrefillEnd, handOff.Reserved, handOff.Arrived, handOff.Bytes));
        if (worker != handOff.PrefillWorker)
        {
            _scaler?.Passed(handOff.PrefillWorker, merged);
        }

        ((IReplicaEvents)_book).Ended(worker, merged, at);
    }

    private void Post(SimTime at, Kind kind, int request, int tokens = 0)
    {
        _due.Enqueue((kind, request, tokens), (at.Nanoseconds, kind, request));
        DueAt = SimTime.Min(DueAt, at);
    }
}
