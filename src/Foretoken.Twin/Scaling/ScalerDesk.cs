using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Foretoken.Twin.Results;
using Foretoken.Twin.Running;

namespace Foretoken.Twin.Scaling;

/// <summary>
/// Where scalers act in a run: scrapes the replicas' figures when a scaler would, asks it when it is due, and carries out what
/// it wants. Replicas that are too many go in the order of Kubernetes: those that wait for a node, those that start, then those
/// that serve, the newest first. A serving one drains: it finishes what it has and gets nothing new.
/// </summary>
internal sealed partial class ScalerDesk : IRunPart, IEndListener
{
    private readonly RunPlan _plan;
    private readonly ScalingPlan _scaling;
    private readonly ReplicaFleet _fleet;
    private readonly RunBook _book;
    private readonly IFrontDoor _door;
    private readonly Func<SimTime> _idleSince;
    private readonly List<PoolState> _pools = [];
    private readonly List<ScalerState> _scalers = [];
    private readonly List<LifeState> _lives = [];
    private readonly PriorityQueue<int, (long At, int Order)> _turns = new();
    private readonly List<ScalingEvent> _events = [];
    private readonly List<LookAheadScaler> _lookers = [];
    private readonly NodePool? _nodes;
    private readonly long _quota;
    private long _placedGpus;
    private int _turnOrder;
    private int _nextChange;
    private long _decisions;
    private SimTime _checkDrained = SimTime.Never;
    private SimTime _lastChange;

    /// <summary>The desk of a run whose first replicas serve.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="fleet">Its replicas.</param>
    /// <param name="book">Its accounts.</param>
    /// <param name="door">What stands in front of the replicas.</param>
    /// <param name="idleSince">When anything but a scaler acted last; <see cref="SimTime.Never"/> while something else is due.</param>
    public ScalerDesk(RunPlan plan, ReplicaFleet fleet, RunBook book, IFrontDoor door, Func<SimTime> idleSince)
    {
        _idleSince = idleSince;
        _plan = plan;
        _scaling = plan.Scaling!;
        _fleet = fleet;
        _book = book;
        _door = door;
        _nodes = _scaling.Nodes is { } nodes ? new NodePool(nodes) : null;
        _quota = Math.Min(_scaling.GpuQuota ?? long.MaxValue, _nodes?.Quota ?? long.MaxValue);
        for (var i = 0; i < plan.Pools.Count; i++)
        {
            _pools.Add(new PoolState(plan.Pools[i], _scaling.Pools[i]) { IsAlone = plan.Pools.Count(p => (p.Role == PoolRole.Decode) == (plan.Pools[i].Role == PoolRole.Decode)) == 1 });
        }

        for (var worker = 0; worker < fleet.Count; worker++)
        {
            var pool = _pools[fleet.PoolOf(worker)];
            _lives.Add(new LifeState(fleet.PoolOf(worker), 0));
            pool.Wanted++;
            Invariant.That(TryPlace(worker, SimTime.Zero, out _));
        }

        foreach (var looks in _scaling.LookAhead)
        {
            var looker = new LookAheadScaler(looks.Options, new FutureDesk(plan, fleet, book, door, this), looks.Pools, plan.Seed);
            _lookers.Add(looker);
            _scalers.Add(new ScalerState(looker, looks.Pools));
        }

        fleet.Submitted = (worker, request) => _lives[worker].Open.Add(request);
        foreach (var scaler in _scaling.Scalers)
        {
            _scalers.Add(new ScalerState(scaler.Create(), scaler.Pools));
        }
    }

    /// <summary>Why the run cannot go on: requests wait for replicas that will not come. Null while it can.</summary>
    public string? Stalled { get; private set; }

    /// <inheritdoc />
    public Phase Phase => Phase.Scaling;

    /// <inheritdoc />
    public SimTime Next
    {
        get
        {
            if (_book.Open == 0 && _plan.Source.NextArrival == SimTime.Never)
            {
                return SimTime.Never;
            }

            var next = _checkDrained;
            if (_turns.TryPeek(out _, out var turn))
            {
                next = SimTime.Min(next, new SimTime(turn.At));
            }

            if (_nextChange < _scaling.Changes.Count)
            {
                next = SimTime.Min(next, _scaling.Changes[_nextChange].At);
            }

            foreach (var scaler in _scalers)
            {
                next = SimTime.Min(next, SimTime.Min(scaler.NextScrape, scaler.NextDecision));
            }

            return next;
        }
    }

    /// <inheritdoc />
    public void Ended(int worker, in RequestRecord record, SimTime at)
    {
        // A request that waited in vain in front of the fleet has no worker.
        if (worker < 0)
        {
            return;
        }

        Count(worker, record);
        if (record.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated)
        {
            Remember(record);
        }

        Freed(worker, at);
    }

    /// <summary>A request ended elsewhere, whose prompt a replica had computed: the pool of that replica counts it, too.</summary>
    public void Passed(int worker, in RequestRecord record) => Count(worker, record);

    /// <summary>A replica has one thing less to do.</summary>
    public void Freed(int worker, SimTime at)
    {
        if (_fleet.StateOf(worker) == ReplicaState.Draining)
        {
            _checkDrained = at;
        }
    }

    /// <inheritdoc />
    public void Act(SimTime now)
    {
        if (_checkDrained <= now)
        {
            _checkDrained = SimTime.Never;
            for (var worker = 0; worker < _lives.Count; worker++)
            {
                LeaveIfDrained(worker, now);
            }
        }

        TakeTurns(now);
        while (_nextChange < _scaling.Changes.Count && _scaling.Changes[_nextChange].At <= now)
        {
            Change(_scaling.Changes[_nextChange++], now);
        }

        foreach (var scaler in _scalers)
        {
            if (scaler.NextScrape <= now)
            {
                scaler.NextScrape = now + scaler.Policy.Rhythm.ScrapeEvery;
                Scrape(scaler, now);
            }

            if (scaler.NextDecision <= now)
            {
                scaler.NextDecision = now + scaler.Policy.Rhythm.DecideEvery;
                Decide(scaler, now);
            }
        }

        PlaceWaiting(now);
        RollOn(now);

        // What takes no time has happened by now.
        TakeTurns(now);
        NoteStall(now);
    }

    /// <summary>What happened, for the result.</summary>
    public ScalingResult Result() => new() { Events = _events, Decisions = _decisions, HeldRequests = _door.HeldEver, Stalled = Stalled, LookAhead = _lookers.Count == 0 ? null : _lookers.Select(l => l.Cost).Aggregate((a, b) => a + b) };

    /// <summary>Nothing will happen any more: says who waits for what.</summary>
    public void Stall()
    {
        var pools = Enumerable.Range(0, _pools.Count).Where(i => _door.Held(i) > 0).Select(i => _pools[i].Plan).ToList();
        var whom = pools.Count == 0 || pools.TrueForAll(p => p.Role == PoolRole.Aggregated) ? "" : $" of {string.Join(" and of ", pools.Select(p => p.Name))}";
        Stalled = $"{_book.Open} requests wait and no replica{whom} serves or starts";
    }

    /// <summary>A replica's life so far.</summary>
    public ReplicaLife LifeOf(int worker) => _lives[worker].Life;

    private void Scrape(ScalerState scaler, SimTime now)
    {
        for (var i = 0; i < scaler.Pools.Count; i++)
        {
            var number = scaler.Pools[i];
            var pool = _pools[number];
            var replicas = new List<ReplicaGauges>();
            long steps = 0;
            long prefill = 0;
            long output = 0;

            // Who waits in front of several pools will have come to one of them.
            long arrived = pool.IsAlone ? _door.Held(number) : 0;
            var draining = 0;
            for (var worker = 0; worker < _lives.Count; worker++)
            {
                if (_lives[worker].Pool != number)
                {
                    continue;
                }

                var state = _fleet.StateOf(worker);
                var replica = _fleet[worker];
                if (state is ReplicaState.Serving or ReplicaState.Draining)
                {
                    replica.AdvanceTo(now);
                }

                var recorder = _fleet.Recorder(worker);
                steps += recorder.Steps;
                prefill += recorder.PrefillTokens;
                output += recorder.OutputTokens;
                arrived += recorder.Requests + _door.OnTheWay(worker);
                if (state == ReplicaState.Draining)
                {
                    draining += replica.RequestsInFlight;
                }
                else if (state == ReplicaState.Serving)
                {
                    var engine = _fleet.Pool(worker).Engine;
                    replicas.Add(new ReplicaGauges
                    {
                        Worker = worker,
                        Running = replica.Running,
                        Waiting = replica.Waiting,
                        KvUsage = (double)replica.KvBlocksUsed / engine.KvBlocks,
                        KvTokens = (long)replica.KvBlocksUsed * engine.KvBlockTokens,
                        QueuedPromptTokens = QueuedTokens(worker, replica.Waiting),
                    });
                }
            }

            scaler.Histories[i].Add(new PoolSample
            {
                At = now,
                Replicas = replicas,
                Held = _door.Held(number),
                OnDraining = draining,
                Arrived = arrived,
                Finished = pool.Finished,
                FinishedInput = pool.FinishedInput,
                FinishedOutput = pool.FinishedOutput,
                FinishedCached = pool.FinishedCached,
                FinishedTtft = pool.FinishedTtft,
                Steps = steps,
                PrefillTokens = prefill,
                OutputTokens = output,
            });
        }
    }

    // The prompts of the requests that reached the engine last and are still open, as many as wait: engines queue in that order.
    private long QueuedTokens(int worker, int waiting)
    {
        var open = _lives[worker].Open;
        open.RemoveAll(request => _book.Requests.Outcome(request) != RequestOutcome.None || _door.IsThrough(worker, request));
        long tokens = 0;
        for (var i = 1; i <= waiting && i <= open.Count; i++)
        {
            tokens += _book.Requests.InputTokens(open[^i]);
        }

        return tokens;
    }

    private void Decide(ScalerState scaler, SimTime now)
    {
        _decisions++;
        var views = new PoolView[scaler.Pools.Count];
        for (var i = 0; i < views.Length; i++)
        {
            views[i] = View(scaler.Pools[i], scaler.Histories[i]);
        }

        var decision = scaler.Policy.Decide(new ScalingView { Now = now, Pools = views });
        Invariant.That(decision.Targets.Count == views.Length);
        for (var i = 0; i < views.Length; i++)
        {
            // Bounds again: what another pool has just got counts against the quota.
            var number = scaler.Pools[i];
            var bounded = Math.Clamp(decision.Targets[i], _pools[number].Scaling.Minimum, Math.Max(_pools[number].Scaling.Minimum, Most(number)));
            SetWanted(number, bounded, decision.Reason, now);
        }
    }

    private PoolView View(int number, MetricHistory history)
    {
        var counts = new int[6];
        for (var worker = 0; worker < _lives.Count; worker++)
        {
            if (_lives[worker].Pool == number)
            {
                counts[(int)_fleet.StateOf(worker)]++;
            }
        }

        var pool = _pools[number];
        return new PoolView
        {
            Facts = pool.Facts,
            Minimum = pool.Scaling.Minimum,
            Maximum = Most(number),
            Target = pool.Wanted,
            Requested = counts[(int)ReplicaState.Requested],
            Starting = counts[(int)ReplicaState.Starting],
            Warming = counts[(int)ReplicaState.Warming],
            Serving = counts[(int)ReplicaState.Serving],
            Draining = counts[(int)ReplicaState.Draining],
            Held = _door.Held(number),
            History = history,
        };
    }

    // By its own bound and by what the quota leaves beside the other pools.
    private int Most(int number)
    {
        var pool = _pools[number];
        if (_quota == long.MaxValue)
        {
            return pool.Scaling.Maximum;
        }

        var left = _quota;
        for (var i = 0; i < _pools.Count; i++)
        {
            left -= i == number ? 0 : (long)_pools[i].Wanted * _pools[i].Plan.GpusPerReplica;
        }

        return (int)Math.Clamp(left / pool.Plan.GpusPerReplica, 0, pool.Scaling.Maximum);
    }

    private void NoteStall(SimTime now)
    {
        // Nothing but scalers acts: for long without any change, or for very long with changes that help nobody.
        if (_book.Open == 0 || _idleSince() is var since && since == SimTime.Never)
        {
            return;
        }

        var limit = _scaling.StallLimit.Nanoseconds;
        if ((_turns.Count == 0 && (now - SimTime.Max(_lastChange, since)).Nanoseconds >= limit) || (now - since).Nanoseconds / 24 >= limit)
        {
            Stall();
        }
    }

    private void Count(int worker, in RequestRecord record)
    {
        if (record.Outcome is not (RequestOutcome.Completed or RequestOutcome.Truncated))
        {
            return;
        }

        var pool = _pools[_fleet.PoolOf(worker)];
        pool.Finished++;
        pool.FinishedInput += _book.Requests.InputTokens(record.Index);
        pool.FinishedOutput += record.OutputTokens;
        pool.FinishedCached += record.CachedTokens;
        pool.FinishedTtft += record.FirstToken == SimTime.Never ? 0 : (record.FirstToken - _book.Requests.Arrival(record.Index)).TotalMilliseconds;
    }

    private sealed class PoolState(PoolPlan plan, PoolScaling scaling)
    {
        public PoolPlan Plan { get; set; } = plan;

        public PoolScaling Scaling { get; } = scaling;

        public PoolFacts Facts { get; } = FactsOf(plan);

        /// <summary>Whether no other pool gets the same requests.</summary>
        public bool IsAlone { get; init; }

        /// <summary>Replicas wanted: those of a rollout's surge are not.</summary>
        public int Wanted { get; set; }

        /// <summary>How often its settings were rolled.</summary>
        public int Version { get; set; }

        public int Surge { get; set; }

        public int Unavailable { get; set; }

        public long Finished { get; set; }

        public long FinishedInput { get; set; }

        public long FinishedOutput { get; set; }

        public long FinishedCached { get; set; }

        public double FinishedTtft { get; set; }

        private static PoolFacts FactsOf(PoolPlan plan)
        {
            var limits = EngineLimits.Of(plan.Engine);
            return new PoolFacts
            {
                Name = plan.Name,
                Work = plan.Role switch { PoolRole.Prefill => PoolWork.Prefill, PoolRole.Decode => PoolWork.Decode, _ => PoolWork.Both },
                GpusPerReplica = plan.GpusPerReplica,
                Cost = plan.GpusPerReplica * (plan.GpuHourPrice ?? 1),
                MaxBatchedTokens = limits.PassTokens,
                MaxSequences = limits.PassRequests,
                MaxKvTokens = (long)plan.Engine.KvBlocks * plan.Engine.KvBlockTokens,
                ContextLength = limits.ContextTokens,
                KvBlockTokens = plan.Engine.KvBlockTokens,
                Steps = new PoolStepEstimate(plan.StepTime),
            };
        }
    }

    private sealed class ScalerState(IScalingPolicy policy, IReadOnlyList<int> pools)
    {
        public IScalingPolicy Policy { get; } = policy;

        public IReadOnlyList<int> Pools { get; } = pools;

        public IReadOnlyList<MetricHistory> Histories { get; } = [.. pools.Select(_ => new MetricHistory(policy.Rhythm.Remember))];

        public SimTime NextScrape { get; set; } = SimTime.Zero + policy.Rhythm.ScrapeEvery;

        public SimTime NextDecision { get; set; } = SimTime.Zero + policy.Rhythm.DecideEvery;
    }
}
