using Foretoken.Quantities;
using Foretoken.Twin.Results;

namespace Foretoken.Twin.Scaling;

/// <content>The lives of replicas: how many, and where each one is.</content>
internal sealed partial class ScalerDesk
{
    private void SetWanted(int number, int wanted, string reason, SimTime now)
    {
        var pool = _pools[number];
        if (wanted == pool.Wanted)
        {
            return;
        }

        _events.Add(new ScalingEvent(now, number, pool.Wanted, wanted, reason));
        _lastChange = now;
        for (; pool.Wanted < wanted; pool.Wanted++)
        {
            Request(number, now);
        }

        for (; pool.Wanted > wanted; pool.Wanted--)
        {
            Remove(Dispensable(number), now);
        }
    }

    private void Request(int number, SimTime now)
    {
        var pool = _pools[number];
        var worker = _fleet.Add(number, ReplicaState.Requested, pool.Plan);
        Invariant.That(worker == _lives.Count);
        var life = new LifeState(number, pool.Version) { Life = new ReplicaLife { Requested = now, Started = SimTime.Never, Warmed = SimTime.Never, Served = SimTime.Never } };
        var random = new RandomStream(_plan.Seed, StreamId.ColdStarts, (ulong)worker);
        (life.Loading, life.WarmingUp) = pool.Scaling.ColdStart.Draw(pool.Plan.GpusPerReplica, ref random);
        _lives.Add(life);
        Place(worker, now);
    }

    // Which one goes first: one of older settings before one of newer, one that does not serve before one that does, the newest.
    private int Dispensable(int number)
    {
        var best = -1;
        for (var worker = 0; worker < _lives.Count; worker++)
        {
            var state = _fleet.StateOf(worker);
            if (_lives[worker].Pool != number || state >= ReplicaState.Draining)
            {
                continue;
            }

            if (best < 0)
            {
                best = worker;
                continue;
            }

            var older = _lives[worker].Version.CompareTo(_lives[best].Version);
            var order = older != 0 ? older : ((int)state).CompareTo((int)_fleet.StateOf(best));
            best = order <= 0 ? worker : best;
        }

        Invariant.That(best >= 0);
        return best;
    }

    private void Remove(int worker, SimTime now)
    {
        var life = _lives[worker];
        if (_fleet.StateOf(worker) == ReplicaState.Serving)
        {
            _fleet.SetState(worker, ReplicaState.Draining, now);
            life.Life = life.Life with { Drained = now };
            LeaveIfDrained(worker, now);
            return;
        }

        Leave(worker, now);
    }

    private void LeaveIfDrained(int worker, SimTime now)
    {
        if (_fleet.StateOf(worker) == ReplicaState.Draining && _fleet[worker].RequestsInFlight == 0 && _door.OnTheWay(worker) == 0 && !_door.IsNeeded(worker))
        {
            Leave(worker, now);
        }
    }

    private void Leave(int worker, SimTime now)
    {
        var life = _lives[worker];
        _fleet.SetState(worker, ReplicaState.Gone, now);
        life.Life = life.Life with { Gone = now };
        if (life.Placed)
        {
            life.Placed = false;
            _placedGpus -= _pools[life.Pool].Plan.GpusPerReplica;
            _nodes?.Release(worker, now);
        }
    }

    private bool TryPlace(int worker, SimTime now, out SimTime ready)
    {
        var gpus = _pools[_lives[worker].Pool].Plan.GpusPerReplica;
        ready = now;
        if (_placedGpus + gpus > _quota || (_nodes is not null && !_nodes.TryPlace(worker, gpus, now, out ready)))
        {
            return false;
        }

        _lives[worker].Placed = true;
        _placedGpus += gpus;
        return true;
    }

    private void Place(int worker, SimTime now)
    {
        if (TryPlace(worker, now, out var ready))
        {
            Turn(worker, ready);
        }
    }

    private void PlaceWaiting(SimTime now)
    {
        for (var worker = 0; worker < _lives.Count; worker++)
        {
            if (_fleet.StateOf(worker) == ReplicaState.Requested && !_lives[worker].Placed)
            {
                Place(worker, now);
            }
        }
    }

    private void Turn(int worker, SimTime at) => _turns.Enqueue(worker, (at.Nanoseconds, _turnOrder++));

    private void TakeTurns(SimTime now)
    {
        while (_turns.TryPeek(out var worker, out var turn) && turn.At <= now.Nanoseconds)
        {
            _turns.Dequeue();
            var life = _lives[worker];
            switch (_fleet.StateOf(worker))
            {
                case ReplicaState.Requested:
                    _fleet.SetState(worker, ReplicaState.Starting, now);
                    life.Life = life.Life with { Started = now };
                    Turn(worker, now + life.Loading);
                    break;
                case ReplicaState.Starting:
                    _fleet.SetState(worker, ReplicaState.Warming, now);
                    life.Life = life.Life with { Warmed = now };
                    Turn(worker, now + life.WarmingUp);
                    break;
                case ReplicaState.Warming:
                    _fleet.SetState(worker, ReplicaState.Serving, now);
                    life.Life = life.Life with { Served = now };
                    _lastChange = now;
                    _door.Open(now);
                    RollOn(now);
                    break;
                default:
                    break; // It was cancelled.
            }
        }
    }

    private void Change(PlannedChange change, SimTime now)
    {
        var pool = _pools[change.Pool];
        if (change.Rollout is { } plan)
        {
            pool.Plan = plan;
            pool.Version++;
            pool.Surge = change.Surge;
            pool.Unavailable = change.Unavailable;
            _events.Add(new ScalingEvent(now, change.Pool, pool.Wanted, pool.Wanted, "planned rollout"));
        }

        if (change.Replicas is { } replicas)
        {
            SetWanted(change.Pool, replicas, "planned", now);
        }

        _lastChange = now;
    }

    // A rolling update as a Kubernetes deployment does it: new ones up to wanted + surge in all, old ones away while at least
    // wanted - unavailable serve.
    private void RollOn(SimTime now)
    {
        for (var number = 0; number < _pools.Count; number++)
        {
            var pool = _pools[number];
            while (pool.Version > 0)
            {
                var old = 0;
                var total = 0;
                var serving = 0;
                for (var worker = 0; worker < _lives.Count; worker++)
                {
                    var state = _fleet.StateOf(worker);
                    if (_lives[worker].Pool == number && state < ReplicaState.Draining)
                    {
                        total++;
                        old += _lives[worker].Version < pool.Version ? 1 : 0;
                        serving += state == ReplicaState.Serving ? 1 : 0;
                    }
                }

                if (old == 0 && total >= pool.Wanted)
                {
                    break;
                }

                if (total - old < pool.Wanted && total < pool.Wanted + pool.Surge)
                {
                    Request(number, now);
                    continue;
                }

                if (old == 0)
                {
                    break;
                }

                var goes = Dispensable(number);
                if (_fleet.StateOf(goes) != ReplicaState.Serving || serving > pool.Wanted - pool.Unavailable)
                {
                    Remove(goes, now);
                    continue;
                }

                break;
            }
        }
    }

    private sealed class LifeState(int pool, int version)
    {
        public int Pool { get; } = pool;

        public int Version { get; } = version;

        public SimDuration Loading { get; set; }

        public SimDuration WarmingUp { get; set; }

        /// <summary>Whether it has its GPUs, or the nodes that will carry them are being started.</summary>
        public bool Placed { get; set; }

        public ReplicaLife Life { get; set; } = new();

        /// <summary>Requests that reached its engine and may still be open, in that order.</summary>
        public List<int> Open { get; } = [];
    }
}
