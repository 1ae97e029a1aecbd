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
/// </remarks>
public abstract class PlainReplica : IReplica
{
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly PlainRank _rank;
    private readonly int _depth;
    private readonly Dictionary<int, IPlainRequest> _requests = [];
    private readonly List<RequestEnd> _ended = [];
    private int _inFlight;
    private SimTime _planAt = SimTime.Never;
    private SimTime _stepEnd = SimTime.Never;

    private protected PlainReplica(PlainRank rank, int depth, IStepTimeSource stepTime, ReplicaRecorder recorder)
    {
        _rank = rank;
        _depth = depth;
        _stepTime = stepTime;
        _recorder = recorder;
    }

    /// <inheritdoc />
    public SimTime NextWake => SimTime.Min(_planAt, _stepEnd);

    /// <inheritdoc />
    public int RequestsInFlight => _requests.Count;

    /// <inheritdoc />
    public long TokensInFlight => _rank.Tokens;

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
                EndStep(_stepEnd);
            }
            else
            {
                return;
            }
        }
    }

    /// <inheritdoc />
    public void Submit(in RequestSpec request, SimTime now)
    {
        _recorder.Requests++;
        _recorder.Timeline.Hold(now.Nanoseconds);
        _recorder.Timeline.CountArrival();
        if (!_rank.Accepts(request))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Rejected;
            SetTimeline(now);
            _recorder.Timeline.CountCompletion();
            _recorder.Events.Ended(_recorder.Worker, record, now);
            return;
        }

        _requests.Add(request.Index, _rank.Add(request));
        _rank.Requests++;
        _rank.Tokens += request.InputTokens;
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _rank.Waiting);
        SetTimeline(now);
        PlanWhenIdle(now);
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
        while (_inFlight < _depth && _rank.WantsPlan)
        {
            var planned = _rank.Plan(now);
            NotePlanned(now);
            if (planned)
            {
                _inFlight++;
                if (_inFlight == 1)
                {
                    Start(now);
                }
            }
            else if (_inFlight > 0 || !_rank.PlansAgain())
            {
                break;
            }
            else
            {
                Invariant.That(++spins <= _requests.Count + 2);
            }
        }

        // Every accepted request can run when it is alone: an idle engine has none.
        Invariant.That(_inFlight > 0 || _requests.Count == 0);
    }

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        if (!_requests.TryGetValue(requestIndex, out var request))
        {
            return;
        }

        _rank.Abort(request);
        SetTimeline(now);
        End(request, RequestOutcome.Aborted, now);
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        _planAt = SimTime.Never;
        _stepEnd = SimTime.Never;
        _inFlight = 0;
        foreach (var request in _requests.Values.OrderBy(request => request.Index).ToArray())
        {
            _rank.Abort(request);
            Report(request, RequestOutcome.Unfinished, now);
        }

        _recorder.Timeline.Set(now.Nanoseconds, 0, 0, 0);
    }

    private void PlanWhenIdle(SimTime now)
    {
        if (_inFlight == 0)
        {
            _planAt = SimTime.Min(_planAt, now);
        }
    }

    private void NotePlanned(SimTime now)
    {
        _recorder.RunningPeak = Math.Max(_recorder.RunningPeak, _rank.Running);
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _rank.Waiting);
        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, _rank.KvBlocksUsed);
        SetTimeline(now);
    }

    private void Start(SimTime now)
    {
        Invariant.That(_rank.TryStart(_stepTime.NeedsContextLengths, out var batch));
        var duration = Math.Max(1, SimDuration.FromMilliseconds(_stepTime.Milliseconds(batch)).Nanoseconds);
        _stepEnd = new SimTime(checked(now.Nanoseconds + duration));
        _recorder.Steps++;
        _recorder.BusyNanoseconds += duration;
    }

    private void EndStep(SimTime now)
    {
        _recorder.LastStepEnd = now.Nanoseconds;
        _recorder.Timeline.Hold(now.Nanoseconds);
        var delivered = _rank.EndStep(now, _ended);
        _rank.Tokens += delivered;
        _recorder.OutputTokens += delivered;
        _recorder.Timeline.CountTokens(delivered);
        SetTimeline(now);
        _inFlight--;
        _stepEnd = SimTime.Never;
        if (_inFlight > 0)
        {
            Start(now);
        }

        foreach (var end in _ended)
        {
            End(end.Request, end.Outcome, now);
        }

        _ended.Clear();
        _planAt = _rank.WantsPlan ? now : SimTime.Never;
    }

    private void End(IPlainRequest request, RequestOutcome outcome, SimTime now)
    {
        _recorder.Timeline.CountCompletion();
        Report(request, outcome, now);
    }

    private void Report(IPlainRequest request, RequestOutcome outcome, SimTime now)
    {
        _requests.Remove(request.Index);
        _rank.Requests--;
        _rank.Tokens -= request.Tokens;
        request.Record.Outcome = outcome;
        request.Record.Preemptions = request.Preemptions;
        _recorder.Events.Ended(_recorder.Worker, request.Record, now);
    }

    private void SetTimeline(SimTime now) =>
        _recorder.Timeline.Set(now.Nanoseconds, _rank.Running, _rank.Waiting, _rank.KvBlocksUsed);
}
