using Foretoken.Engines.Replicas;
using Foretoken.Fleet.Routing;
using Foretoken.Kernel.Events;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin.Results;

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
    private readonly EngineMode _mode;
    private readonly IReplica[] _replicas;
    private readonly ReplicaRecorder[] _recorders;
    private readonly LogHistogram _gaps = new();
    private readonly FrontendQueue _frontend;
    private readonly int[] _requestLoads;
    private readonly long[] _tokenLoads;
    private readonly SimTime _limit;
    private RandomStream _random;
    private SimTime _now;
    private StopReason _stop = StopReason.Completed;

    private TwinRun(RunPlan plan, RunControl control)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(plan.Replicas, 1);
        _plan = plan;
        _control = control;
        _book = new RunBook(plan.Source, plan.Frontend.Response, plan.Engine.StreamInterval > 1, _gaps) { Trace = plan.Trace };
        _frontend = new FrontendQueue(plan.Frontend, plan.Replicas);
        _mode = ReplicaFactory.Resolve(plan);
        _recorders = new ReplicaRecorder[plan.Replicas];
        _replicas = new IReplica[plan.Replicas];
        for (var i = 0; i < plan.Replicas; i++)
        {
            _recorders[i] = new ReplicaRecorder(i, _gaps, _book) { StreamInterval = plan.Engine.StreamInterval, Trace = plan.Trace };
            _replicas[i] = ReplicaFactory.Create(plan, _mode, _recorders[i]);
        }

        _requestLoads = new int[plan.Replicas];
        _tokenLoads = new long[plan.Replicas];
        _random = new RandomStream(plan.Seed, StreamId.Routing);

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
                $"{e.Message} (seed {plan.Seed}, virtual time {run._now}, {run._book.Requests.Count} requests issued, {run._book.Ended} ended, engine mode {run._mode})", e);
        }
    }

    private RunResult Play()
    {
        // Whoever listens hears the replicas' steps in one order of time.
        var byEvents = _plan.Source.IsReactive
            || _plan.Trace is not null
            || ((_plan.Routing.Needs & RouterNeeds.Requests) != 0 && _plan.Replicas > AskAllReplicasMax);
        if (byEvents)
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
        var askAll = _plan.Routing.Needs != RouterNeeds.None;
        for (var untilReport = RequestsPerReport; SimTime.Min(source.NextArrival, _frontend.Next) <= _limit;)
        {
            if (_frontend.Next <= source.NextArrival)
            {
                Enter(_frontend.Next);
                continue;
            }

            source.Take(out var request);
            Invariant.That(request.Arrival >= _now);
            _now = request.Arrival;
            if (askAll)
            {
                foreach (var replica in _replicas)
                {
                    replica.AdvanceTo(_now);
                }
            }

            var worker = Route(request);
            _book.Issue(request, worker);
            if (!_frontend.Hold(request, worker))
            {
                if (!askAll)
                {
                    _replicas[worker].AdvanceTo(_now);
                }

                _replicas[worker].Submit(request, _now);
            }

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

    // A request comes out of the front end into its engine's queue.
    private int Enter(SimTime at)
    {
        Invariant.That(at >= _now);
        _now = at;
        var worker = _frontend.Take(out var request);
        _replicas[worker].AdvanceTo(_now);
        _replicas[worker].Submit(request, _now);
        return worker;
    }

    private void Drain()
    {
        while (_stop == StopReason.Completed && _book.Open > 0)
        {
            var slice = SimTime.Min(_limit, _limit - _now > DrainSlice ? _now + DrainSlice : _limit);
            var idle = true;
            foreach (var replica in _replicas)
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

    // Completions bring arrivals or change what the router sees: every replica is woken when its next request may end.
    private void PlayByEvents()
    {
        var source = _plan.Source;
        var queue = new EventQueue();
        var askAll = (_plan.Routing.Needs & RouterNeeds.Tokens) != 0;
        var stamps = new uint[_plan.Replicas];
        var posted = new SimTime[_plan.Replicas];
        Array.Fill(posted, SimTime.Never);
        var untilReport = RequestsPerReport;
        while (true)
        {
            var arrival = source.NextArrival;
            var entry = _frontend.Next;
            var next = SimTime.Min(SimTime.Min(arrival, entry), queue.NextTime);
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
            _now = next;
            int worker;
            if (entry == next && (queue.NextTime > next || queue.NextPhase > Phase.Arrival))
            {
                worker = Enter(next);
            }
            else if (arrival == next && (queue.NextTime > next || queue.NextPhase > Phase.Arrival))
            {
                source.Take(out var request);
                if (askAll)
                {
                    foreach (var replica in _replicas)
                    {
                        replica.AdvanceTo(_now);
                    }
                }

                worker = Route(request);
                _book.Issue(request, worker);
                if (_frontend.Hold(request, worker))
                {
                    continue;
                }

                _replicas[worker].AdvanceTo(_now);
                _replicas[worker].Submit(request, _now);
            }
            else
            {
                var payload = queue.Take(out _, out var phase);
                worker = (int)(payload >> 32);
                if ((uint)payload != stamps[worker])
                {
                    continue;
                }

                posted[worker] = SimTime.Never;
                if (phase == Phase.Plan)
                {
                    _replicas[worker].Plan(_now);
                }
                else
                {
                    _replicas[worker].AdvanceTo(_now);
                }
            }

            var wake = _replicas[worker].NextWake;
            if (wake != posted[worker] || wake == _now)
            {
                posted[worker] = wake;
                stamps[worker]++;
                if (wake != SimTime.Never)
                {
                    queue.Post(wake, wake == _now ? Phase.Plan : Phase.StepEnd, ((long)worker << 32) | stamps[worker]);
                }
            }

            if (--untilReport == 0)
            {
                untilReport = RequestsPerReport;
                if (ReportAndCheck())
                {
                    return;
                }
            }
        }

        if (_book.Open > 0)
        {
            FailStuck();
        }
    }

    private int Route(in Workloads.Requests.RequestSpec request)
    {
        var needs = _plan.Routing.Needs;
        if ((needs & RouterNeeds.Requests) != 0)
        {
            for (var i = 0; i < _replicas.Length; i++)
            {
                _requestLoads[i] = _replicas[i].RequestsInFlight + _frontend.Requests(i);
            }
        }

        if ((needs & RouterNeeds.Tokens) != 0)
        {
            for (var i = 0; i < _replicas.Length; i++)
            {
                _tokenLoads[i] = _replicas[i].TokensInFlight + _frontend.Tokens(i);
            }
        }

        var view = new RouterView { Replicas = _replicas.Length, RequestsInFlight = _requestLoads, TokensInFlight = _tokenLoads };
        var routed = new RoutedRequest(request.Index, request.InputTokens, request.Session, request.Priority);
        var worker = _plan.Routing.Choose(view, routed, ref _random);
        Invariant.That((uint)worker < (uint)_replicas.Length);
        return worker;
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
            foreach (var replica in _replicas)
            {
                replica.AdvanceTo(_limit);
            }

            _now = _limit;
        }
    }

    private void Halt()
    {
        foreach (var replica in _replicas)
        {
            replica.AdvanceTo(_now);
            replica.Stop(_now);
        }

        // What was still on its way never reached an engine.
        while (_frontend.Next != SimTime.Never)
        {
            var worker = _frontend.Take(out var request);
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Unfinished;
            ((IReplicaEvents)_book).Ended(worker, record, _now);
        }
    }

    private void FailStuck() => Invariant.Fail($"no progress: {_book.Open} requests are in flight and no replica has anything planned");

    private RunResult Conclude()
    {
        Invariant.That(_book.Open == 0);
        var end = SimTime.Zero;
        long width = 0;
        foreach (var recorder in _recorders)
        {
            end = SimTime.Max(end, new SimTime(recorder.LastStepEnd));
        }

        end = _stop == StopReason.Completed && end > SimTime.Zero ? end + _plan.Frontend.Response : _stop == StopReason.Completed ? end : _now;
        foreach (var recorder in _recorders)
        {
            recorder.Timeline.Hold(Math.Max(end.Nanoseconds, recorder.Timeline.Now));
            width = Math.Max(width, recorder.Timeline.Width);
        }

        var results = new ReplicaResult[_replicas.Length];
        for (var i = 0; i < results.Length; i++)
        {
            var recorder = _recorders[i];
            recorder.Timeline.CoarsenTo(width);
            results[i] = new ReplicaResult
            {
                Worker = i,
                Requests = recorder.Requests,
                Steps = recorder.Steps,
                BusyNanoseconds = recorder.BusyNanoseconds,
                PrefillTokens = recorder.PrefillTokens,
                OutputTokens = recorder.OutputTokens,
                Preemptions = recorder.Preemptions,
                KvBlocks = _plan.Engine.KvBlocks,
                KvBlocksPeak = recorder.KvBlocksPeak,
                RunningPeak = recorder.RunningPeak,
                WaitingPeak = recorder.WaitingPeak,
                Timeline = recorder.Timeline,
            };
        }

        var result = new RunResult
        {
            Requests = _book.Requests,
            Replicas = results,
            TokenGaps = _gaps,
            End = end,
            StopReason = _stop,
            Fingerprint = _book.Fingerprint(),
            EngineMode = _mode == EngineMode.Fast ? "fast" : "plain",
            WarmUpRequests = _plan.WarmUpRequests,
        };
        RunChecks.Verify(result, _plan);
        _plan.Trace?.Finished(result.End);
        return result;
    }
}
