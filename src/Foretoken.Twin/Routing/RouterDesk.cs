using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Twin.Running;
using Foretoken.Twin.Tracing;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Twin.Routing;

/// <summary>
/// A router at work: keeps what it can know of its workers at its real age, asks the policy, and passes on what it hears of its
/// requests and of the workers' caches. Stands between the replicas and the book that counts requests.
/// </summary>
internal sealed class RouterDesk : IReplicaEvents, IKvEvents
{
    private readonly IRoutingPolicy _policy;
    private readonly IRoutingFeedback? _feedback;
    private readonly IHoldingPolicy? _holding;
    private readonly IFlowControl? _flow;
    private readonly RouterTiming _timing;
    private readonly IReplicaEvents _next;
    private readonly FrontendQueue _frontend;
    private readonly RouterNeeds _needs;
    private readonly PrefixTree? _tree;
    private readonly int _blockTokens;
    private readonly DelayedKvEvents? _delayed;
    private IReplica?[] _replicas = new IReplica?[8];
    private int[] _kvBlocks = new int[8];
    private ReplicaRecorder?[] _recorders = new ReplicaRecorder?[8];
    private int[] _requests = new int[8];
    private long[] _tokens = new long[8];
    private int[] _running = new int[8];
    private int[] _waiting = new int[8];
    private long[] _polledTokens = new long[8];
    private long[] _generated = new long[8];
    private double[] _usage = new double[8];
    private int[] _poolOf = new int[8];
    private int[] _workerList = new int[8];
    private int _workerCount;
    private int _version;
    private int _count;
    private SimTime _polledAt = SimTime.Never;
    private RandomStream _random;

    /// <summary>A router without workers.</summary>
    /// <param name="plan">Policy, timing and traffic.</param>
    /// <param name="frontend">Requests on their way to the workers.</param>
    /// <param name="next">Hears of every request's end after the router.</param>
    public RouterDesk(RunPlan plan, FrontendQueue frontend, IReplicaEvents next)
        : this(plan.Routing, plan.RouterTiming, plan.Seed, plan.Source.Tree, plan.Pools.First(p => p.Role != PoolRole.Decode).Engine.KvBlockTokens, frontend, next)
    {
    }

    /// <summary>A router without workers.</summary>
    /// <param name="policy">Chooses.</param>
    /// <param name="timing">How old the state is that it sees.</param>
    /// <param name="seed">Seed of its random decisions.</param>
    /// <param name="tree">Tree that the requests' paths refer to; null when none has a path.</param>
    /// <param name="blockTokens">Tokens per KV block of the workers.</param>
    /// <param name="frontend">Requests on their way to the workers.</param>
    /// <param name="next">Hears of every request's end after the router.</param>
    public RouterDesk(IRoutingPolicy policy, RouterTiming timing, ulong seed, PrefixTree? tree, int blockTokens, FrontendQueue frontend, IReplicaEvents next)
    {
        _policy = policy;
        _feedback = policy as IRoutingFeedback;
        _holding = policy is IHoldingPolicy { MayHold: true } holding ? holding : null;
        _flow = policy as IFlowControl;
        _timing = timing;
        _needs = policy.Needs;
        _tree = tree;
        _blockTokens = blockTokens;
        _frontend = frontend;
        _next = next;
        _random = new RandomStream(seed, StreamId.Routing);
        _delayed = timing.EventDelay > SimDuration.Zero && ListensToCaches ? new DelayedKvEvents(timing.EventDelay) : null;
        NextPoll = Polls ? SimTime.Zero : SimTime.Never;
    }

    /// <summary>Hears why; null, as mostly: nobody asks.</summary>
    public RunTrace? Trace { get; init; }

    /// <summary>Whether the policy makes requests wait here.</summary>
    public bool MayHold => _holding is not null;

    /// <summary>How the policy admits requests; null: it lets everybody in, or holds back by another rule.</summary>
    public IFlowControl? Flow => _flow;

    /// <summary>Whether what it reads of workers is as old as the last poll; otherwise it is read when it is looked at.</summary>
    public bool IsPolled => Polls;

    /// <summary>When workers were last read; never before the first time.</summary>
    public SimTime PolledAt => _polledAt;

    /// <summary>When something was heard that may let a held request go; <see cref="SimTime.Never"/> when nothing was since the last look.</summary>
    public SimTime HeardAt { get; private set; } = SimTime.Never;

    /// <summary>Where a worker puts its cache events; null when nobody hears them.</summary>
    public KvEventBuffer? CacheEvents(int worker) => ListensToCaches ? new KvEventBuffer(worker, this, _tree!) : null;

    // Whether workers have to publish what they cache.
    private bool ListensToCaches => _feedback is not null && _tree is not null && (_needs & RouterNeeds.KvEvents) != 0;

    /// <summary>Whether a decision reads what can change at any step of any worker: all have to be moved on before it.</summary>
    public bool AsksWorkers => (_needs & RouterNeeds.Tokens) != 0 || ((_needs & RouterNeeds.Metrics) != 0 && _timing.PollInterval == SimDuration.Zero);

    /// <summary>Whether a decision depends on ends of requests or steps: workers must not lag behind it.</summary>
    public bool FollowsWorkers => (_needs & ~RouterNeeds.Metrics) != RouterNeeds.None || AsksWorkers;

    /// <summary>When workers are polled next; <see cref="SimTime.Never"/> when they are not.</summary>
    public SimTime NextPoll { get; private set; }

    private ReadOnlySpan<int> Workers => _workerList.AsSpan(0, _workerCount);

    private bool Polls => (_needs & RouterNeeds.Metrics) != 0 && _timing.PollInterval > SimDuration.Zero;

    /// <summary>Whether any worker serves.</summary>
    public bool HasWorkers => _workerCount > 0;

    /// <summary>Workers that serve.</summary>
    public int WorkerCount => _workerCount;

    /// <summary>A worker that serves from now on.</summary>
    /// <param name="worker">Its number.</param>
    /// <param name="pool">Number of its pool.</param>
    /// <param name="replica">The worker.</param>
    /// <param name="recorder">What it writes down.</param>
    /// <param name="kvBlocks">Its KV blocks.</param>
    public void Open(int worker, int pool, IReplica replica, ReplicaRecorder recorder, int kvBlocks)
    {
        EnsureRoom(worker + 1);
        _count = Math.Max(_count, worker + 1);
        _replicas[worker] = replica;
        _recorders[worker] = recorder;
        _kvBlocks[worker] = kvBlocks;
        _poolOf[worker] = pool;
        var place = ~Workers.BinarySearch(worker);
        Invariant.That(place >= 0);
        if (_workerCount == _workerList.Length)
        {
            Array.Resize(ref _workerList, 2 * _workerCount);
        }

        Array.Copy(_workerList, place, _workerList, place + 1, _workerCount - place);
        _workerList[place] = worker;
        _workerCount++;
        _version++;
    }

    /// <summary>A worker gets no more requests; what it has goes on.</summary>
    public void Close(int worker)
    {
        var place = Workers.BinarySearch(worker);
        if (place < 0)
        {
            return;
        }

        Array.Copy(_workerList, place + 1, _workerList, place, --_workerCount - place);
        _version++;
    }

    /// <summary>A closed worker is gone.</summary>
    public void Forget(int worker)
    {
        Invariant.That(Workers.BinarySearch(worker) < 0);
        _replicas[worker] = null;
        _feedback?.WorkerGone(worker);
    }

    /// <summary>Takes the last poll before or at <paramref name="now"/>. No worker has lived beyond that poll yet.</summary>
    public void Poll(SimTime now)
    {
        var interval = _timing.PollInterval.Nanoseconds;
        var at = new SimTime(now.Nanoseconds - now.Nanoseconds % interval);
        NextPoll = new SimTime(at.Nanoseconds + interval);
        foreach (var worker in Workers)
        {
            _replicas[worker]!.AdvanceTo(at);
        }

        Read(at);
    }

    /// <summary>Decides who gets a request. Every worker lives at <paramref name="now"/> as far as the policy can see it.</summary>
    public int Route(in RequestSpec request, SimTime now)
    {
        Invariant.That(_workerCount > 0);
        if ((_needs & RouterNeeds.Tokens) != 0)
        {
            foreach (var worker in Workers)
            {
                _tokens[worker] = _replicas[worker]!.TokensInFlight + _frontend.Tokens(worker);
            }
        }

        if ((_needs & RouterNeeds.Metrics) != 0 && !Polls)
        {
            Read(now);
        }

        _delayed?.Release(now, _feedback!);
        var routed = Visible(request);
        var view = View(now);
        var chosen = _policy.Choose(view, routed, ref _random);
        Invariant.That(Workers.BinarySearch(chosen) >= 0);
        Trace?.Explained(request.Index, Reason(view, chosen));
        _requests[chosen]++;
        if (_timing.InFlightCorrection)
        {
            _waiting[chosen]++;
            _polledTokens[chosen] += request.InputTokens;
        }

        return chosen;
    }

    /// <summary>Whether a request has to wait here now.</summary>
    public bool Holds(in RequestSpec request, SimTime now) => _holding is not null && (_workerCount == 0 || _holding.Holds(View(now), Visible(request)));

    /// <summary>How full the policy's admission finds the workers; infinitely so while none serves.</summary>
    public double Saturation(SimTime now)
    {
        if (_workerCount == 0)
        {
            return double.PositiveInfinity;
        }

        if ((_needs & RouterNeeds.Metrics) != 0 && !Polls)
        {
            foreach (var worker in Workers)
            {
                _replicas[worker]!.AdvanceTo(now);
            }

            Read(now);
        }

        return _flow!.Saturation(View(now));
    }

    /// <summary>Whether the policy may refuse a request for the sake of others.</summary>
    public bool IsSheddable(in RequestSpec request) => _flow!.IsSheddable(Visible(request));

    /// <summary>A held request's turn: the smallest goes first.</summary>
    public double Turn(in RequestSpec request) => _holding!.Turn(Visible(request), request.Arrival);

    /// <summary>Somebody looks whether held requests may go.</summary>
    public void Asked() => HeardAt = SimTime.Never;

    /// <inheritdoc />
    void IReplicaEvents.Ended(int worker, in RequestRecord record, SimTime at)
    {
        Forget(worker, record, at);
        _next.Ended(worker, record, at);
    }

    /// <summary>A request is not on its replica any more, or never comes there: it counts no longer.</summary>
    public void Forget(int worker, in RequestRecord record, SimTime at)
    {
        HeardAt = SimTime.Min(HeardAt, at);
        _requests[worker]--;
        if ((_needs & RouterNeeds.Ends) != 0)
        {
            _feedback?.Ended(worker, record.Index, record.OutputTokens, at);
        }
    }

    /// <inheritdoc />
    void IReplicaEvents.FirstToken(int worker, int request, SimTime at)
    {
        HeardAt = SimTime.Min(HeardAt, at);
        if ((_needs & RouterNeeds.FirstTokens) != 0)
        {
            _feedback?.FirstToken(worker, request, at);
        }

        _next.FirstToken(worker, request, at);
    }

    /// <inheritdoc />
    void IKvEvents.Stored(int worker, int node, int from, int to, SimTime at)
    {
        if (_delayed is null)
        {
            _feedback!.KvStored(worker, node, from, to);
        }
        else
        {
            _delayed.Add(worker, node, from, to, at);
        }
    }

    /// <inheritdoc />
    void IKvEvents.Removed(int worker, int node, int from, int to, SimTime at)
    {
        if (_delayed is null)
        {
            _feedback!.KvRemoved(worker, node, from, to);
        }
        else
        {
            _delayed.Add(worker, ~node, from, to, at);
        }
    }

    /// <inheritdoc />
    void IKvEvents.TierStored(KvTier tier, int worker, int node, int from, int to, SimTime at) => HearTier(tier, worker, node, from, to, at);

    /// <inheritdoc />
    void IKvEvents.TierRemoved(KvTier tier, int worker, int node, int from, int to, SimTime at) => HearTier(tier, worker, ~node, from, to, at);

    private void HearTier(KvTier tier, int worker, int node, int from, int to, SimTime at)
    {
        if ((_needs & RouterNeeds.KvTierEvents) == 0)
        {
            return;
        }

        if (_delayed is not null)
        {
            _delayed.Add(worker, node, from, to, at, tier);
        }
        else if (node >= 0)
        {
            _feedback!.KvTierStored(tier, worker, node, from, to);
        }
        else
        {
            _feedback!.KvTierRemoved(tier, worker, ~node, from, to);
        }
    }

    private string Reason(in RouterView view, int chosen) => _policy switch
    {
        IRoutingReasons reasons => $"{_policy.Name}: {reasons.Reason(chosen, Workers)}",
        _ when (_needs & RouterNeeds.Tokens) != 0 => $"{_policy.Name}: tokens in flight {ReasonText.Fewest(Workers, view.TokensInFlight)}",
        _ when (_needs & RouterNeeds.Requests) != 0 => $"{_policy.Name}: requests in flight {ReasonText.Fewest(Workers, view.RequestsInFlight)}",
        _ => $"{_policy.Name}, over {Workers.Length} replicas",
    };

    private RouterView View(SimTime now) => new()
    {
        Now = now,
        Workers = Workers,
        WorkersVersion = _version,
        PoolOf = _poolOf.AsSpan(0, _count),
        RequestsInFlight = _requests.AsSpan(0, _count),
        TokensInFlight = _tokens.AsSpan(0, _count),
        PolledAt = _polledAt,
        Running = _running.AsSpan(0, _count),
        Waiting = _waiting.AsSpan(0, _count),
        PolledTokens = _polledTokens.AsSpan(0, _count),
        GeneratedTokens = _generated.AsSpan(0, _count),
        KvUsage = _usage.AsSpan(0, _count),
        Tree = _tree,
        BlockTokens = _blockTokens,
    };

    // Of a request's content only the prompt's: where answers are known, the path goes on into them.
    private RoutedRequest Visible(in RequestSpec request)
    {
        var routed = new RoutedRequest(request.Index, request.InputTokens, request.Session, request.Priority);
        var path = request.Content.Path;
        if (_tree is null || path.IsEmpty)
        {
            return routed;
        }

        var known = Math.Min(request.Content.KnownTokens, request.InputTokens);
        var starts = _tree.Starts;
        var length = path.Length;
        var nodes = path.Span;
        while (length > 0 && starts[nodes[length - 1]] >= known)
        {
            length--;
        }

        return length == 0 ? routed : routed with { Path = path[..length], KnownTokens = Math.Min(known, _tree.Ends[nodes[length - 1]]) };
    }

    private void Read(SimTime at)
    {
        foreach (var worker in Workers)
        {
            var replica = _replicas[worker]!;
            _running[worker] = replica.Running;
            _waiting[worker] = replica.Waiting;
            _polledTokens[worker] = replica.TokensInFlight;
            _generated[worker] = _recorders[worker]!.OutputTokens;
            _usage[worker] = replica.KvBlocksUsed / (double)_kvBlocks[worker];
        }

        _polledAt = at;
    }

    private void EnsureRoom(int workers)
    {
        if (workers <= _requests.Length)
        {
            return;
        }

        var size = Math.Max(workers, 2 * _requests.Length);
        Array.Resize(ref _replicas, size);
        Array.Resize(ref _recorders, size);
        Array.Resize(ref _kvBlocks, size);
        Array.Resize(ref _poolOf, size);
        Array.Resize(ref _requests, size);
        Array.Resize(ref _tokens, size);
        Array.Resize(ref _running, size);
        Array.Resize(ref _waiting, size);
        Array.Resize(ref _polledTokens, size);
        Array.Resize(ref _generated, size);
        Array.Resize(ref _usage, size);
    }
}
