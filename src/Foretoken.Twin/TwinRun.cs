using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Events;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Running;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin;

/// <summary>The one public way to run a simulation: one run, one thread, virtual time.</summary>
public sealed class TwinRun
{
    // How often the outside world is looked at, in requests and in virtual time.
    private const int RequestsPerReport = 512;
    private static readonly SimDuration DrainSlice = new(60_000_000_000);

    // With more replicas than this, counts of requests are kept by events instead of asking every replica at every arrival.
    private const int AskAllReplicasMax = 64;

    private readonly RunPlan _plan;
    private readonly RunControl _control;
    private readonly RunBook _book;
    private readonly ReplicaFleet _fleet;
    private readonly LogHistogram _gaps = new();
    private readonly FrontendQueue _frontend = new();
    private readonly RouterDesk _desk;
    private readonly List<IRunPart> _parts = [];
    private readonly RouterQueue? _held;
    private readonly ScalerDesk? _scaler;
    private readonly FrontDoor? _door;
    private readonly HandOffDesk? _handOff;
    private readonly bool _byEvents;
    private readonly SimTime _limit;
    private SimTime _now;
    private SimTime _lastAct;
    private StopReason _stop = StopReason.Completed;

    private TwinRun(RunPlan plan, RunControl control)
    {
        ArgumentOutOfRangeException.ThrowIfZero(plan.Pools.Count);
        _plan = plan;
        _control = control;
        _book = new RunBook(plan.Source, _gaps) { Trace = plan.Trace };
        _handOff = plan.Disaggregation is null ? null : new HandOffDesk(plan, _book, _frontend);
        _desk = new RouterDesk(plan, _frontend, (IReplicaEvents?)_handOff ?? _book) { Trace = plan.Trace };

        // Whoever listens hears the replicas' steps in one order of time.
        _byEvents = plan.Source.IsReactive
            || plan.Scaling is not null
            || plan.Trace is not null
            || plan.Disaggregation is not null
            || plan.Pools.Any(p => p.Engine.SharedTier is not null)
            || (_desk.FollowsWorkers && plan.Pools.Sum(p => (long)p.Replicas) > AskAllReplicasMax);
        _held = RouterQueue.Of(_desk, _handOff is null ? SendWaiting : r => _handOff.Resume(r, _now), GiveUp);
        if (_held is { MayHold: true })
        {
            _byEvents = true;
            _parts.Add(_held);
        }

        _fleet = new ReplicaFleet(plan, _gaps, _desk, _handOff) { GoesByEvents = _byEvents };
        _book.ReportFrom(_fleet);
        if (_handOff is not null)
        {
            _handOff.Serve(_fleet, _desk, _held);
            _parts.Add(_handOff);
        }

        if (plan.Scaling is not null)
        {
            _door = _handOff is null ? new FrontDoor(_frontend, SendWaiting, _desk, _held) : null;
            _scaler = new ScalerDesk(plan, _fleet, _book, (IFrontDoor?)_door ?? _handOff!, IdleSince);
            _parts.Add(_scaler);
            _book.Listen(_scaler);
            _handOff?.ReportTo(_scaler);
        }

        // One before "never", so that times can still be compared with it.
        _limit = plan.TimeLimit ?? new SimTime(long.MaxValue - 1);
    }

    /// <summary>Plays the plan to its end (or until <paramref name="control"/> stops it) on the calling thread.</summary>
    /// <exception cref="InputException">The traffic turned out to be unusable while it was read.</exception>
    /// <exception cref="InvariantException">A bug: the message names what broke and when.</exception>
    public static RunResult Run(RunPlan plan, RunControl? control = null)
    {
        var run = new TwinRun(plan, control ?? new RunControl());
        try
        {
            return run.Play();
        }
        catch (InvariantException e)
        {
            throw new InvariantException(
                $"{e.Message} (seed {plan.Seed}, virtual time {run._now}, {run._book.Requests.Count} requests issued, {run._book.Ended} ended, engine mode {run.EngineModeText()})", e);
        }
    }

    private RunResult Play()
    {
        if (_byEvents)
        {
            PlayByEvents();
        }
        else
        {
            PlayArrivals();
            Drain();
        }

        if (_book.Open > 0 || _stop != StopReason.Completed)
        {
            Halt();
        }

        return Conclude();
    }

    // No completion matters to anyone outside its replica: a replica is only moved on when a request reaches it or the
    // router asks for its load.
    private void PlayArrivals()
    {
        var source = _plan.Source;
        var askAll = _desk.FollowsWorkers;
        for (var untilReport = RequestsPerReport; SimTime.Min(source.NextArrival, _frontend.Next) <= _limit;)
        {
            PollBefore(SimTime.Min(source.NextArrival, _frontend.Next));
            if (_frontend.Next <= source.NextArrival)
            {
                Enter(_frontend.Next);
                continue;
            }

            TakeArrival(askAll);
            if (--untilReport == 0)
            {
                untilReport = RequestsPerReport;
                if (ReportAndCheck())
                {
                    return;
                }
            }
        }

        NoteLimit();
    }

    // The next request of the source goes to its replica, or into the front end on its way there.
    private void TakeArrival(bool askAll)
    {
        _plan.Source.Take(out var request);
        Invariant.That(request.Arrival >= _now);
        _now = request.Arrival;
        if (_handOff is not null)
        {
            _handOff.Take(request, _now);
            return;
        }

        if (askAll)
        {
            _fleet.AdvanceAll(_now);
        }

        _door?.Arrived(_now);
        if (_door is not null && !_desk.HasWorkers)
        {
            _book.IssueHeld(request);
            _door.Hold(request);
            return;
        }

        if (_held is not null && _held.Judge(request, _now) is { Admission: not Admission.Enters } judged)
        {
            _book.IssueHeld(request);
            if (judged.Admission == Admission.Refused)
            {
                _book.Shed(request, judged.Reason!, _now);
                return;
            }

            _plan.Trace?.Held(request.Index, judged.Reason!, _now);
            _held.Add(request, _now);
            return;
        }

        var worker = Route(request);
        _book.Issue(request, worker);
        Send(request, worker);
    }

    private void Send(in Workloads.Requests.RequestSpec request, int worker)
    {
        if (!_frontend.Hold(request, worker, _fleet.Pool(worker).Frontend, _now))
        {
            _fleet.Submit(worker, request, _now);
        }
    }

    // When anything but a scaler acted last; never while something else is due.
    private SimTime IdleSince() =>
        _plan.Source.NextArrival == SimTime.Never && _fleet.NextWake == SimTime.Never && _frontend.Next == SimTime.Never && _parts.TrueForAll(p => p == _scaler || p.Next == SimTime.Never)
            ? _lastAct
            : SimTime.Never;

    // A request that waited for a replica, or at the router, goes to one.
    private void SendWaiting(RequestSpec request)
    {
        if (_desk.AsksWorkers)
        {
            _fleet.AdvanceAll(_now);
        }

        var worker = Route(request);
        _book.Dispatch(request, worker, _now);
        Send(request, worker);
    }

    // A request has waited at the router for too long.
    private void GiveUp(RequestSpec request, string reason)
    {
        _handOff?.Forget(request, _now);
        _book.Shed(request, reason, _now);
    }

    // A request comes out of the front end into its engine's queue.
    private void Enter(SimTime at)
    {
        Invariant.That(at >= _now);
        _now = at;
        var worker = _frontend.Take(out var request);
        _fleet.Submit(worker, request, _now);
    }

    private void Drain()
    {
        while (_stop == StopReason.Completed && _book.Open > 0)
        {
            var slice = SimTime.Min(_limit, _limit - _now > DrainSlice ? _now + DrainSlice : _limit);
            var idle = true;
            foreach (var replica in _fleet.All)
            {
                replica.AdvanceTo(slice);
                idle &= replica.NextWake == SimTime.Never;
            }

            _now = slice;
            if (ReportAndCheck())
            {
                return;
            }

            if (idle && _book.Open > 0)
            {
                FailStuck();
            }

            if (_now == _limit && _book.Open > 0)
            {
                _stop = StopReason.TimeLimit;
            }
        }
    }

    // Completions bring arrivals or change what somebody sees: every replica is woken when its next request may end.
    private void PlayByEvents()
    {
        var source = _plan.Source;
        var askAll = _desk.AsksWorkers;
        var untilReport = RequestsPerReport;
        while (true)
        {
            // Who acts next: by time, then by phase, then in this order.
            var actor = Actor.Replica;
            var next = _fleet.NextWake;
            var phase = next == SimTime.Never ? Phase.Stop : _fleet.NextPhase;
            Consider(_frontend.Next, Phase.Arrival, Actor.Frontend);
            Consider(source.NextArrival, Phase.Arrival, Actor.Source);
            IRunPart? part = null;
            foreach (var candidate in _parts)
            {
                // Mostly its time is later, and its phase need not be asked for.
                var at = SimTime.Max(candidate.Next, _now);
                if (at <= next && candidate.Phase is var its && (at < next || its < phase))
                {
                    (next, phase, actor, part) = (at, its, Actor.Part, candidate);
                }
            }

            if (next == SimTime.Never)
            {
                break;
            }

            if (next > _limit)
            {
                _stop = StopReason.TimeLimit;
                _now = _limit;
                return;
            }

            Invariant.That(next >= _now);
            PollBefore(next);
            _now = next;
            _lastAct = actor == Actor.Part ? _lastAct : next;
            switch (actor)
            {
                case Actor.Replica:
                    _fleet.Wake();
                    break;
                case Actor.Frontend:
                    Enter(next);
                    break;
                case Actor.Source:
                    TakeArrival(askAll);
                    break;
                default:
                    _lastAct = part == _scaler ? _lastAct : next;
                    part!.Act(next);
                    if (_scaler?.Stalled is not null)
                    {
                        _stop = StopReason.Stalled;
                        return;
                    }

                    break;
            }

            if (--untilReport == 0)
            {
                untilReport = RequestsPerReport;
                if (ReportAndCheck())
                {
                    return;
                }
            }

            void Consider(SimTime time, Phase its, Actor who)
            {
                if (time < next || (time == next && its < phase))
                {
                    (next, phase, actor) = (time, its, who);
                }
            }
        }

        if (_scaler is not null && (_door?.HeldNow ?? _handOff?.HeldNow) > 0)
        {
            _scaler.Stall();
            _stop = StopReason.Stalled;
            return;
        }

        if (_book.Open > 0)
        {
            FailStuck();
        }
    }

    private int Route(in Workloads.Requests.RequestSpec request) => _desk.Route(request, _now);

    // What the router reads of its workers, it reads before anything else happens at that moment.
    private void PollBefore(SimTime next)
    {
        if (_desk.NextPoll <= next && next != SimTime.Never)
        {
            _desk.Poll(next);
        }

        _handOff?.PollBefore(next);
    }

    private bool ReportAndCheck()
    {
        _control.Report(_book.Requests.Count, _book.Ended, _now.Nanoseconds);
        if (_control.StopRequested)
        {
            _stop = StopReason.Interrupted;
            return true;
        }

        return false;
    }

    private void NoteLimit()
    {
        if (_plan.Source.NextArrival != SimTime.Never || _frontend.Next != SimTime.Never)
        {
            _stop = StopReason.TimeLimit;
            _fleet.AdvanceAll(_limit);

            _now = _limit;
        }
    }

    private void Halt()
    {
        foreach (var replica in _fleet.All)
        {
            replica.AdvanceTo(_now);
            replica.Stop(_now);
        }

        _handOff?.Halt(_now);

        // What was still on its way never reached an engine.
        while (_frontend.Next != SimTime.Never)
        {
            var worker = _frontend.Take(out var request);
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Unfinished;
            _fleet.Recorder(worker).Events.Ended(worker, record, _now);
        }

        // Nor did what waited at the router or in front of an empty fleet.
        while ((_held is not null && _held.TryTake(out var request)) || (_door is not null && _door.TryTake(out request)))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Unfinished;
            ((IReplicaEvents)_book).Ended(0, record, _now);
        }
    }

    private void FailStuck() => Invariant.Fail($"no progress: {_book.Open} requests are in flight and no replica has anything planned{_handOff?.Describe()}");

    private RunResult Conclude()
    {
        Invariant.That(_book.Open == 0);
        var end = SimTime.Zero;
        var response = SimDuration.Zero;
        long width = 0;
        for (var i = 0; i < _fleet.Count; i++)
        {
            var own = _fleet.Recorder(i).LastStepEnd;
            if (own > end.Nanoseconds)
            {
                end = new SimTime(own);
                response = _fleet.Pool(i).Frontend.Response;
            }
        }

        end = _stop != StopReason.Completed ? _now : end > SimTime.Zero ? end + response : end;
        for (var i = 0; i < _fleet.Count; i++)
        {
            var timeline = _fleet.Recorder(i).Timeline;
            timeline.Hold(Math.Max(end.Nanoseconds, timeline.Now));
            width = Math.Max(width, Math.Max(timeline.Width, _fleet.Recorder(i).Tiers?.Timeline.Width ?? 0));
        }

        var results = new ReplicaResult[_fleet.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var recorder = _fleet.Recorder(i);
            recorder.Timeline.CoarsenTo(width);
            recorder.Tiers?.Timeline.CoarsenTo(width);
            results[i] = new ReplicaResult
            {
                Worker = i,
                Pool = _fleet.PoolOf(i),
                Requests = recorder.Requests,
                Steps = recorder.Steps,
                BusyNanoseconds = recorder.BusyNanoseconds,
                PrefillTokens = recorder.PrefillTokens,
                OutputTokens = recorder.OutputTokens,
                Preemptions = recorder.Preemptions,
                KvBlocks = _fleet.Pool(i).Engine.KvBlocks,
                KvBlocksPeak = recorder.KvBlocksPeak,
                RunningPeak = recorder.RunningPeak,
                WaitingPeak = recorder.WaitingPeak,
                Timeline = recorder.Timeline,
                Tiers = recorder.Tiers,
                Life = _scaler?.LifeOf(i),
            };
        }

        var result = new RunResult
        {
            Requests = _book.Requests,
            Classes = [.. _plan.Source.Classes],
            Replicas = results,
            Pools = [.. _plan.Pools.Select(p => new PoolResult { Name = p.Name, Role = p.Role, GpusPerReplica = p.GpusPerReplica, GpuHourPrice = p.GpuHourPrice, GpuPowerW = p.GpuPowerW })],
            TokenGaps = _gaps,
            HandOffs = _handOff?.Conclude(),
            End = end,
            StopReason = _stop,
            Fingerprint = _book.Fingerprint(),
            EngineMode = EngineModeText(),
            WarmUpRequests = _plan.WarmUpRequests,
            Scaling = _scaler?.Result(),
        };
        RunChecks.Verify(result, _plan);
        _plan.Trace?.Finished(result.End);
        return result;
    }

    private string EngineModeText() => string.Join(" and ", _plan.Pools.Select(p => ReplicaFactory.Resolve(_plan, p) == EngineMode.Fast ? "fast" : "plain").Distinct().Order(StringComparer.Ordinal));

    private enum Actor
    {
        Replica,
        Frontend,
        Source,
        Part,
    }
}
