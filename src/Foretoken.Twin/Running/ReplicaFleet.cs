using Foretoken.Engines.HandOff;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Kernel.Events;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Routing;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Running;

/// <summary>
/// The replicas of a run. Each has a number of its own: one that goes never comes back, a new one gets the next number. In runs
/// that go event by event it also knows when which of them has to be woken.
/// </summary>
internal sealed class ReplicaFleet
{
    private readonly RunPlan _plan;
    private readonly LogHistogram _gaps;
    private readonly RouterDesk _desk;
    private readonly HandOffDesk? _handOffs;
    private readonly EventQueue _wakes = new();
    private readonly List<Slot> _slots = [];
    private readonly Dictionary<int, SharedTier?> _sharedTiers = [];
    private IReplica[] _replicas = [];

    /// <summary>The plan's replicas, serving.</summary>
    public ReplicaFleet(RunPlan plan, LogHistogram gaps, RouterDesk desk, HandOffDesk? handOffs = null)
    {
        (_plan, _gaps, _desk, _handOffs) = (plan, gaps, desk, handOffs);
        for (var pool = 0; pool < plan.Pools.Count; pool++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(plan.Pools[pool].Replicas, 1);
            for (var i = 0; i < plan.Pools[pool].Replicas; i++)
            {
                Add(pool, ReplicaState.Serving);
            }
        }
    }

    /// <summary>Replicas that there are or were.</summary>
    public int Count => _slots.Count;

    /// <summary>The replicas by number.</summary>
    public ReadOnlySpan<IReplica> All => _replicas.AsSpan(0, Count);

    /// <summary>Whether somebody wants to know when requests end: then every replica is woken at its next end.</summary>
    public bool GoesByEvents { get; init; }

    /// <summary>When the first replica has to be woken; <see cref="SimTime.Never"/> when none has to.</summary>
    public SimTime NextWake => _wakes.NextTime;

    /// <summary>What it is woken for.</summary>
    public Phase NextPhase => _wakes.NextPhase;

    /// <summary>A replica.</summary>
    public IReplica this[int worker] => _replicas[worker];

    /// <summary>What it writes down.</summary>
    public ReplicaRecorder Recorder(int worker) => _slots[worker].Recorder;

    /// <summary>Number of the pool that it belongs to.</summary>
    public int PoolOf(int worker) => _slots[worker].Pool;

    /// <summary>Its pool.</summary>
    public PoolPlan Pool(int worker) => _slots[worker].Plan;

    /// <summary>Hears of requests that reach an engine's queue: number of the replica, number of the request.</summary>
    public Action<int, int>? Submitted { get; set; }

    /// <summary>Where it is in its life.</summary>
    public ReplicaState StateOf(int worker) => _slots[worker].State;

    /// <summary>Moves it on in its life.</summary>
    public void SetState(int worker, ReplicaState state, SimTime now)
    {
        var before = _slots[worker].State;
        Invariant.That(state > before);
        _slots[worker].State = state;
        _plan.Trace?.ReplicaChanged(worker, state, now);
        if (state != ReplicaState.Gone || before >= ReplicaState.Serving)
        {
            TellRouter(worker, state);
        }
    }

    /// <summary>A new replica.</summary>
    /// <param name="pool">Number of its pool.</param>
    /// <param name="state">Where its life begins.</param>
    /// <param name="settings">What it is made from; null for what the pool began with.</param>
    /// <returns>Its number.</returns>
    public int Add(int pool, ReplicaState state, PoolPlan? settings = null)
    {
        var worker = _slots.Count;
        var plan = settings ?? _plan.Pools[pool];
        var recorder = new ReplicaRecorder(worker, _gaps, RouterOf(plan))
        {
            StreamInterval = plan.Engine.StreamInterval,
            Trace = _plan.Trace,
            SharedTier = Shared(pool),
            Kv = RouterOf(plan).CacheEvents(worker),
            HandOff = _handOffs,
        };
        _slots.Add(new Slot(pool, plan, recorder) { State = state });
        if (worker == _replicas.Length)
        {
            Array.Resize(ref _replicas, Math.Max(8, worker * 2));
        }

        _replicas[worker] = ReplicaFactory.Create(_plan, plan, recorder);
        TellRouter(worker, state);
        _plan.Trace?.ReplicaAdded(worker, plan);
        return worker;
    }

    /// <summary>Every replica lives on until <paramref name="now"/>.</summary>
    public void AdvanceAll(SimTime now)
    {
        foreach (var replica in All)
        {
            replica.AdvanceTo(now);
        }
    }

    /// <summary>A request reaches the engine's queue.</summary>
    public void Submit(int worker, in RequestSpec request, SimTime now)
    {
        var replica = _replicas[worker];
        replica.AdvanceTo(now);
        replica.Submit(request, now);
        Submitted?.Invoke(worker, request.Index);
        Touched(worker, now);
    }

    /// <summary>A part of a request reaches the engine's queue.</summary>
    public void Submit(int worker, in RequestSpec request, RequestPart part, SimTime now)
    {
        var replica = (IHandOffReplica)_replicas[worker];
        replica.AdvanceTo(now);
        replica.Submit(request, part, now);
        Submitted?.Invoke(worker, request.Index);
        Touched(worker, now);
    }

    /// <summary>Wakes the replica that <see cref="NextWake"/> is about.</summary>
    public void Wake()
    {
        var payload = _wakes.Take(out var now, out var phase);
        var worker = (int)(payload >> 32);
        var slot = _slots[worker];
        if ((uint)payload != slot.Stamp)
        {
            return;
        }

        slot.Posted = SimTime.Never;
        if (phase == Phase.Plan)
        {
            _replicas[worker].Plan(now);
        }
        else
        {
            _replicas[worker].AdvanceTo(now);
        }

        Touched(worker, now);
    }

    /// <summary>Something happened to a replica at <paramref name="now"/>: when it has to be woken may be another time.</summary>
    public void Touched(int worker, SimTime now)
    {
        if (!GoesByEvents)
        {
            return;
        }

        var slot = _slots[worker];
        var wake = _replicas[worker].NextWake;
        if (wake != slot.Posted || wake == now)
        {
            slot.Posted = wake;
            slot.Stamp++;
            if (wake != SimTime.Never)
            {
                _wakes.Post(wake, wake == now ? Phase.Plan : Phase.StepEnd, ((long)worker << 32) | slot.Stamp);
            }
        }
    }

    // Replicas that generate what others began have a router of their own.
    private RouterDesk RouterOf(PoolPlan pool) => pool.Role == PoolRole.Decode && _handOffs is not null ? _handOffs.DecodeRouter : _desk;

    // A router knows the replicas that serve.
    private void TellRouter(int worker, ReplicaState state)
    {
        var pool = Pool(worker);
        var desk = RouterOf(pool);
        switch (state)
        {
            case ReplicaState.Serving:
                desk.Open(worker, _slots[worker].Pool, _replicas[worker], _slots[worker].Recorder, pool.Engine.KvBlocks);
                break;
            case ReplicaState.Draining:
                desk.Close(worker);
                break;
            case ReplicaState.Gone:
                desk.Forget(worker);
                break;
        }
    }

    // Replicas of a pool have blocks of one size and meaning.
    private SharedTier? Shared(int pool)
    {
        if (!_sharedTiers.TryGetValue(pool, out var shared))
        {
            shared = _plan.Pools[pool].Engine.SharedTier is { } level ? new SharedTier(level) : null;
            _sharedTiers.Add(pool, shared);
        }

        return shared;
    }

    private sealed class Slot(int pool, PoolPlan plan, ReplicaRecorder recorder)
    {
        public int Pool { get; } = pool;

        public PoolPlan Plan { get; } = plan;

        public ReplicaRecorder Recorder { get; } = recorder;

        public ReplicaState State { get; set; }

        public SimTime Posted { get; set; } = SimTime.Never;

        public uint Stamp { get; set; }
    }
}
