using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Network;
using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Twin.Results;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Running;
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
internal sealed partial class HandOffDesk : IRunPart, IReplicaEvents, IHandOffEvents
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

    private SimTime DueAt => _due.TryPeek(out _, out var key) ? new SimTime(key.At) : SimTime.Never;

    /// <summary>The router of the replicas that generate.</summary>
    public RouterDesk DecodeRouter { get; }

    /// <summary>The replicas, and the router of those that compute prompts: to be told before the first request.</summary>
    public void Serve(ReplicaFleet fleet, RouterDesk prefillRouter) => (_fleet, _prefillRouter) = (fleet, prefillRouter);

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
        if (_plan.Local is not { } local)
        {
            Begin(request, -1, now);
            return;
        }

        var decode = Route(DecodeRouter, request, now);
        var isLocal = IsLocal(local, request, decode);
        _seen!.Add(decode, request);
        if (!isLocal)
        {
            Begin(request, decode, now);
            return;
        }

        Table.Local++;
        _book.Issue(request, decode);
        if (!_frontend.Hold(request, decode, _fleet.Pool(decode).Frontend, now))
        {
            _fleet.Submit(decode, request, now);
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
        if (!_open.TryGetValue(index, out var handOff))
        {
            return;
        }

        switch (kind)
        {
            case Kind.Prefill:
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

    private void Begin(in RequestSpec request, int decode, SimTime now)
    {
        var prefill = Route(_prefillRouter, request, now);
        _book.Issue(request, prefill);
        var handOff = new HandOff { Request = request, PrefillWorker = prefill, DecodeWorker = decode };
        if (!Accepted(handOff, now))
        {
            return;
        }

        _openPrefills++;
        if (_plan.Order == HandOffOrder.DecodeFirst && decode < 0)
        {
            handOff.DecodeWorker = decode = Route(DecodeRouter, request, now);
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

    // Both sides have to take the whole request: otherwise it is refused before anything is computed.
    private bool Accepted(HandOff handOff, SimTime now)
    {
        foreach (var pool in _run.Pools)
        {
            if (pool.Role != PoolRole.Aggregated && !pool.Engine.Accepts(handOff.Request))
            {
                var record = RequestRecord.New(handOff.Request.Index);
                record.Outcome = RequestOutcome.Rejected;
                ((IReplicaEvents)_prefillRouter).Ended(handOff.PrefillWorker, record, now);
                if (handOff.DecodeWorker >= 0)
                {
                    ((IReplicaEvents)DecodeRouter).Ended(handOff.DecodeWorker, record, now);
                }

                return false;
            }
        }

        return true;
    }

    private bool IsLocal(LocalPrefill local, in RequestSpec request, int decode) =>
        request.InputTokens - _seen!.Find(decode, request) <= local.MostUncachedTokens
        || (local.PrefillQueueMost is { } most && _openPrefills - _run.Pools.Where(p => p.Role == PoolRole.Prefill).Sum(p => p.Replicas) >= most);

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
        if (handOff.DecodeWorker < 0)
        {
            handOff.DecodeWorker = Route(DecodeRouter, handOff.Request, now);
        }

        _book.Move(handOff.Request.Index, handOff.DecodeWorker);
        _fleet.Submit(handOff.DecodeWorker, handOff.Request, RequestPart.Decode, now);
    }

    private void Finish(HandOff handOff, int worker, in RequestRecord record, SimTime at)
    {
        _open.Remove(handOff.Request.Index);
        var merged = record;
        if (handOff.PrefillEnd != SimTime.Never)
        {
            merged.Scheduled = handOff.PrefillRecord.Scheduled;
            merged.CachedTokens = handOff.PrefillRecord.CachedTokens;
            merged.Preemptions += handOff.PrefillRecord.Preemptions;
        }

        Table.Rows.Add(new HandOffRow(handOff.Request.Index, handOff.PrefillWorker, handOff.DecodeWorker, handOff.PrefillEnd, handOff.Reserved, handOff.Arrived, handOff.Bytes));
        ((IReplicaEvents)_book).Ended(worker, merged, at);
    }

    private void Post(SimTime at, Kind kind, int request, int tokens = 0) =>
        _due.Enqueue((kind, request, tokens), (at.Nanoseconds, kind, request));
}
