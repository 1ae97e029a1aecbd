using System.Runtime.InteropServices;
using Foretoken.Engines.HandOff;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// The loop of an engine in virtual time, one step at a time: the same for every engine whose scheduler and KV cache it drives
/// (the plain engines), and the reference for every faster one.
/// </summary>
/// <remarks>
/// <para>
/// Planning takes no time of its own. It happens at two kinds of moments only: when a step ends, and when a request arrives (or
/// is aborted) while no step is planned or running. At such a moment the engine plans until as many steps are in flight as it is
/// deep (1; 2 with vLLM's async scheduling, SGLang's and TensorRT-LLM's overlap) or a plan comes out empty. A planned step starts
/// when the one before it ends, or at once. What arrives while a step runs is therefore first seen at that step's end.
/// </para>
/// <para>
/// At a step's end its result is applied and tokens are delivered in the order of the plan; the next step starts; then come the
/// submissions of that moment; then the next plan. A step's duration is asked for when it starts.
/// </para>
/// <para>
/// A plan may be empty although requests wait (the only running one had to be preempted, or turned out to have ended). It is
/// followed by another at the same moment when nothing is in flight: the loop spins.
/// </para>
/// <para>
/// An engine with attention data parallelism has several ranks, each with its own scheduler and KV cache, which step together:
/// they plan at the same moments, a step lasts as long as the slowest rank's batch, and a rank with nothing to do runs along.
/// <see cref="StepBatch.GroupTokens"/> tells each of them the tokens of all.
/// </para>
/// </remarks>
public abstract class PlainReplica : IHandOffReplica
{
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly PlainRank[] _ranks;
    private readonly IRankDealer _dealer;
    private readonly int _depth;
    private readonly bool[] _planned;
    private readonly Dictionary<int, (PlainRank? Rank, IPlainRequest Request)> _requests = [];
    private readonly List<RequestSpec> _held = [];
    private readonly List<RequestEnd> _ended = [];
    private readonly List<StepShare> _shares = [];

    // Ended here, their KV needed elsewhere; and how many wait for KV from elsewhere.
    private readonly Dictionary<int, (PlainRank Rank, IPlainRequest Request)> _kvHeld = [];
    private readonly HashSet<int> _kvMissing = [];
    private readonly HashSet<int> _prefills = [];
    private int _inFlight;
    private SimTime _planAt = SimTime.Never;
    private SimTime _stepEnd = SimTime.Never;

    private protected PlainReplica(PlainRank[] ranks, IRankDealer dealer, int depth, IStepTimeSource stepTime, ReplicaRecorder recorder)
    {
        _ranks = ranks;
        _planned = new bool[ranks.Length];
        _dealer = dealer;
        _depth = depth;
        _stepTime = stepTime;
        _recorder = recorder;
    }

    /// <inheritdoc />
    public SimTime NextWake
    {
        get
        {
            var next = SimTime.Min(_planAt, Horizon);
            foreach (var rank in _ranks)
            {
                next = SimTime.Min(next, rank.NextShared);
            }

            return next;
        }
    }

    /// <inheritdoc />
    public int RequestsInFlight => _requests.Count;

    /// <inheritdoc />
    public long TokensInFlight
    {
        get
        {
            long tokens = 0;
            foreach (var rank in _ranks)
            {
                tokens += rank.Tokens;
            }

            foreach (var held in _held)
            {
                tokens += held.InputTokens;
            }

            return tokens;
        }
    }

    internal IReadOnlyList<PlainRank> Ranks => _ranks;

    /// <summary>No request ends before this.</summary>
    private protected virtual SimTime Horizon => _stepEnd;

    private protected SimTime StepEnd => _stepEnd;

    private protected bool IsFull => _inFlight == _depth;

    private protected int Depth => _depth;

    /// <inheritdoc />
    public int Running => Sum(static rank => rank.Running);

    /// <inheritdoc />
    public int Waiting => _held.Count + Sum(static rank => rank.Waiting);

    /// <inheritdoc />
    public int KvBlocksUsed => Sum(static rank => rank.KvBlocksUsed);

    private SimTime NextArrival
    {
        get
        {
            var next = SimTime.Never;
            foreach (var rank in _ranks)
            {
                next = SimTime.Min(next, rank.NextArrival);
            }

            return next;
        }
    }

    // Some of its requests wait for KV from elsewhere, or for memory that is read from elsewhere.
    private bool WaitsForOthers => _kvMissing.Count > 0 || _kvHeld.Count > 0;

    private bool WantsPlan => _held.Count > 0 || Array.Exists(_ranks, static rank => rank.WantsPlan);

    /// <inheritdoc />
    public void AdvanceTo(SimTime now)
    {
        while (true)
        {
            if (_planAt < now)
            {
                Plan(_planAt);
            }
            else if (_stepEnd <= now)
            {
                if (!PassSteps(now))
                {
                    EndStep(_stepEnd);
                }
            }
            else
            {
                break;
            }
        }

        foreach (var rank in _ranks)
        {
            rank.AdvanceShared(now);
        }
    }

    /// <inheritdoc />
    public void Submit(in RequestSpec request, SimTime now) => Submit(request, RequestPart.Whole, now);

    /// <inheritdoc />
    public void Submit(in RequestSpec request, RequestPart part, SimTime now)
    {
        if (part == RequestPart.Prefill)
        {
            _prefills.Add(request.Index);
        }
        else if (part == RequestPart.Decode)
        {
            _kvMissing.Add(request.Index);
        }

        Enter(part.Of(request), part, now);
    }

    /// <inheritdoc />
    public void Plan(SimTime now)
    {
        if (_planAt > now)
        {
            return;
        }

        _planAt = SimTime.Never;
        var spins = 0;
        while (_inFlight < _depth && WantsPlan)
        {
            Deal();
            var any = PlanRanks(now);
            DeliverTakenOver(now);
            NotePlanned(now);
            if (any)
            {
                _inFlight++;
                if (_inFlight == 1)
                {
                    Start(now);
                }
            }
            else if (_inFlight > 0 || !PlansAgain())
            {
                break;
            }
            else
            {
                // Who waits for others, or for what is on its way, may wait in vain here.
                spins++;
                if ((WaitsForOthers && spins > 2) || spins > _requests.Count + 2)
                {
                    Invariant.That(NextArrival != SimTime.Never || WaitsForOthers);
                    break;
                }
            }
        }

        if (_inFlight == 0 && _requests.Count > 0)
        {
            // Every accepted request can run when it is alone, unless what it needs is still on its way, or others have it.
            _planAt = NextArrival;
            Invariant.That(_planAt > now && (_planAt != SimTime.Never || WaitsForOthers));
        }

        Planned(now);
    }

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        if (!_requests.TryGetValue(requestIndex, out var entry))
        {
            return;
        }

        Cancel(entry.Rank, entry.Request);
        Cancelled();
        SetTimeline(now);
        End(entry.Request, RequestOutcome.Aborted, now);
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void KvArrived(int requestIndex, SimTime now)
    {
        if (!_kvMissing.Remove(requestIndex))
        {
            return;
        }

        var (rank, request) = _requests[requestIndex];
        rank!.KvArrived(request);
        Cancelled();
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void ReleaseKv(int requestIndex, SimTime now)
    {
        if (_kvHeld.Remove(requestIndex, out var held))
        {
            held.Rank.ReleaseKv(held.Request);
            Cancelled();
            SetTimeline(now);
            PlanWhenIdle(now);
        }
    }

    /// <inheritdoc />
    public void ListOpen(List<(int Request, int Tokens)> into)
    {
        foreach (var (index, entry) in _requests.OrderBy(entry => entry.Key))
        {
            into.Add((index, entry.Request.Tokens));
        }
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        _planAt = SimTime.Never;
        _stepEnd = SimTime.Never;
        _inFlight = 0;
        foreach (var entry in _requests.Values.OrderBy(entry => entry.Request.Index).ToArray())
        {
            Cancel(entry.Rank, entry.Request);
            Report(entry.Request, RequestOutcome.Unfinished, now);
        }

        _recorder.Timeline.Set(now.Nanoseconds, 0, 0, 0);
    }

    /// <summary>Everything is planned that can be at <paramref name="now"/>.</summary>
    private protected virtual void Planned(SimTime now)
    {
    }

    /// <summary>A request came that the last plan did not know.</summary>
    private protected virtual void Arrived()
    {
    }

    /// <summary>A request of the last plan may be gone, or there is more that a plan could use.</summary>
    private protected virtual void Cancelled()
    {
    }

    /// <summary>Lives through the ends of several steps up to <paramref name="until"/>, if it can; the first of them is due.</summary>
    private protected virtual bool PassSteps(SimTime until) => false;

    /// <summary>
    /// Several steps of the only rank passed: the last of them ended at <paramref name="now"/> and a plan is due; the one that is
    /// still in flight, if any, ends at <paramref name="next"/>.
    /// </summary>
    private protected void Passed(SimTime now, SimTime next, long tokens)
    {
        _ranks[0].Tokens += tokens;
        _recorder.OutputTokens += tokens;
        _recorder.LastStepEnd = now.Nanoseconds;
        _inFlight--;
        _stepEnd = next;
        _planAt = now;
    }

    private void Enter(in RequestSpec request, RequestPart part, SimTime now)
    {
        _recorder.Requests++;
        _recorder.Timeline.Hold(now.Nanoseconds);
        _recorder.Timeline.CountArrival();
        if (!_ranks[0].Accepts(request, part))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Rejected;
            _prefills.Remove(request.Index);
            _kvMissing.Remove(request.Index);
            SetTimeline(now);
            _recorder.Timeline.CountCompletion();
            _recorder.Events.Ended(_recorder.Worker, record, now);
            return;
        }

        var rank = _dealer.OnArrival(request, now);
        if (rank >= 0)
        {
            Give(request, _ranks[rank]);
        }
        else
        {
            _held.Add(request);
            _requests.Add(request.Index, (null, new HeldRequest(request)));
        }

        _recorder.Trace?.Queued(_recorder.Worker, request.Index, now);
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, Waiting);
        SetTimeline(now);
        if (part == RequestPart.Decode)
        {
            // It may go before those who wait, whatever keeps them.
            Cancelled();
        }
        else
        {
            Arrived();
        }

        PlanWhenIdle(now);
    }

    private void PlanWhenIdle(SimTime now)
    {
        if (_inFlight == 0)
        {
            _planAt = SimTime.Min(_planAt, now);
        }
    }

    private void Give(in RequestSpec request, PlainRank rank)
    {
        var part = _prefills.Contains(request.Index) ? RequestPart.Prefill
            : _kvMissing.Contains(request.Index) ? RequestPart.Decode
            : RequestPart.Whole;
        _requests[request.Index] = (rank, rank.Add(request, part));
        rank.Requests++;
        rank.Tokens += request.InputTokens;
    }

    // Engines that deal out new requests when they plan.
    private void Deal()
    {
        if (_held.Count == 0)
        {
            return;
        }

        foreach (var (request, rank) in _dealer.OnPlan(_held))
        {
            Give(request, _ranks[rank]);
        }

        _held.RemoveAll(request => _requests[request.Index].Rank is not null);
    }

    private bool PlanRanks(SimTime now)
    {
        var any = false;
        for (var r = 0; r < _ranks.Length; r++)
        {
            _planned[r] = _ranks[r].WantsPlan && _ranks[r].Plan(now);
            any |= _planned[r];
        }

        for (var r = 0; any && r < _ranks.Length; r++)
        {
            if (!_planned[r])
            {
                _ranks[r].RunAlong();
            }
        }

        return any;
    }

    private void DeliverTakenOver(SimTime now)
    {
        long delivered = 0;
        foreach (var rank in _ranks)
        {
            var tokens = rank.DeliverTakenOver(now, _ended);
            rank.Tokens += tokens;
            delivered += tokens;
        }

        if (delivered == 0)
        {
            return;
        }

        _recorder.OutputTokens += delivered;
        _recorder.Timeline.Hold(now.Nanoseconds);
        _recorder.Timeline.CountTokens(delivered);
        SetTimeline(now);
        EndEnded(now);
    }

    private bool PlansAgain()
    {
        var again = false;
        foreach (var rank in _ranks)
        {
            again |= rank.WantsPlan && rank.PlansAgain();
        }

        return again;
    }

    private void Cancel(PlainRank? rank, IPlainRequest request)
    {
        if (rank is null)
        {
            _held.RemoveAll(held => held.Index == request.Index);
        }
        else
        {
            rank.Abort(request);
        }
    }

    private void NotePlanned(SimTime now)
    {
        _recorder.RunningPeak = Math.Max(_recorder.RunningPeak, Running);
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, Waiting);
        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, KvBlocksUsed);
        SetTimeline(now);
    }

    private void Start(SimTime now)
    {
        var tokens = _ranks.Length == 1 ? 0 : Sum(static rank => rank.StepTokens);
        long duration = 0;
        foreach (var rank in _ranks)
        {
            if (rank.TryStart(_stepTime.NeedsContextLengths, out var batch))
            {
                var time = SimDuration.FromMilliseconds(_stepTime.Milliseconds(batch with { GroupTokens = tokens }));
                duration = Math.Max(duration, rank.Lengthen(now, Math.Max(1, time.Nanoseconds)));
            }
        }

        _stepEnd = new SimTime(checked(now.Nanoseconds + duration));
        _recorder.Steps++;
        _recorder.BusyNanoseconds += duration;
        if (_recorder.Trace is { } trace)
        {
            Tell(trace, now, duration);
        }
    }

    private void Tell(IReplicaTrace trace, SimTime now, long duration)
    {
        _shares.Clear();
        for (var r = 0; r < _ranks.Length; r++)
        {
            _ranks[r].Describe(r, _shares);
        }

        trace.StepStarted(new ReplicaStep
        {
            Worker = _recorder.Worker,
            Number = _recorder.Steps,
            Start = now,
            Duration = new SimDuration(duration),
            Shares = CollectionsMarshal.AsSpan(_shares),
        });
    }

    private void EndStep(SimTime now)
    {
        _recorder.LastStepEnd = now.Nanoseconds;
        _recorder.Timeline.Hold(now.Nanoseconds);
        long delivered = 0;
        foreach (var rank in _ranks)
        {
            var tokens = rank.EndStep(now, _ended);
            rank.Tokens += tokens;
            delivered += tokens;
        }

        _recorder.OutputTokens += delivered;
        _recorder.Timeline.CountTokens(delivered);
        SetTimeline(now);
        _recorder.Trace?.StepEnded(_recorder.Worker, now);
        _inFlight--;
        _stepEnd = SimTime.Never;
        if (_inFlight > 0)
        {
            Start(now);
        }

        EndEnded(now);
        _dealer.AfterStep(now);
        _planAt = WantsPlan ? now : SimTime.Never;
    }

    private void EndEnded(SimTime now)
    {
        foreach (var end in _ended)
        {
            End(end.Request, end.Outcome, now);
        }

        _ended.Clear();
    }

    private void End(IPlainRequest request, RequestOutcome outcome, SimTime now)
    {
        _recorder.Timeline.CountCompletion();
        Report(request, outcome, now);
    }

    private void Report(IPlainRequest request, RequestOutcome outcome, SimTime now)
    {
        if (_requests.Remove(request.Index, out var entry) && entry.Rank is { } rank)
        {
            rank.Requests--;
            rank.Tokens -= request.Tokens;
            if (_prefills.Remove(request.Index) && outcome is RequestOutcome.Completed or RequestOutcome.Truncated)
            {
                _kvHeld.Add(request.Index, (rank, request));
            }
        }

        _kvMissing.Remove(request.Index);

        request.Record.Outcome = outcome;
        request.Record.Preemptions = request.Preemptions;
        _recorder.Events.Ended(_recorder.Worker, request.Record, now);
    }

    private void SetTimeline(SimTime now)
    {
        _recorder.Timeline.Set(now.Nanoseconds, Running, Waiting, KvBlocksUsed);
        _recorder.Trace?.Loaded(_recorder.Worker, now, Running, Waiting, KvBlocksUsed);
    }

    private int Sum(Func<PlainRank, int> of)
    {
        var sum = 0;
        foreach (var rank in _ranks)
        {
            sum += of(rank);
        }

        return sum;
    }
}
