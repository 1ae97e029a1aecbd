using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Vllm;

/// <summary>
/// A vLLM engine in virtual time, one step at a time, with real block tables: the reference for every faster engine.
/// </summary>
/// <remarks>
/// <para>
/// The engine plans at two kinds of moments only: when a step ends, and when a request arrives (or is aborted) while no step is
/// planned or running. At such a moment it plans until as many steps are in flight as the engine's queue is deep (1; with
/// async scheduling 2) or a plan comes out empty. A planned step starts when the one before it ends, or at once. What arrives
/// while a step runs is therefore first seen at that step's end, even if the queue has room (vLLM's EngineCore with a batch queue).
/// </para>
/// <para>
/// A plan that is empty because its only request had to be preempted is followed by another at the same moment when nothing is
/// in flight: the engine loop spins.
/// </para>
/// <para>
/// At a step's end the result is applied and tokens are delivered in the order of the plan; then come the submissions of that
/// moment; then the next plan. A step's duration is asked for when it starts. Its decode contexts are then known exactly:
/// tokens computed before it and really kept, plus the one of the step; drafts are not counted in it.
/// </para>
/// </remarks>
public sealed class PlainVllmReplica : IReplica
{
    private readonly VllmSettings _settings;
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly ulong _seed;
    private readonly VllmScheduler _scheduler;
    private readonly DraftAcceptance _acceptance;
    private readonly Dictionary<int, ReplicaRequest> _requests = [];
    private readonly Queue<StepInFlight> _inFlight = [];
    private readonly Stack<StepInFlight> _spare = [];
    private readonly List<ReplicaRequest> _ended = [];
    private readonly int _depth;
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = new int[16];
    private SimTime _planAt = SimTime.Never;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the draft acceptance (stream <see cref="StreamId.Speculation"/>, one per request).</param>
    public PlainVllmReplica(VllmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
    {
        _settings = settings;
        _stepTime = stepTime;
        _recorder = recorder;
        _seed = seed;
        _scheduler = new VllmScheduler(settings);
        _acceptance = new DraftAcceptance(settings.Speculation);
        _depth = settings.AsyncScheduling ? 2 : 1;
    }

    /// <inheritdoc />
    public SimTime NextWake => SimTime.Min(_planAt, StepEnd);

    /// <inheritdoc />
    public int RequestsInFlight => _requests.Count;

    /// <inheritdoc />
    public long TokensInFlight { get; private set; }

    internal VllmScheduler Scheduler => _scheduler;

    private SimTime StepEnd => _inFlight.TryPeek(out var step) ? new SimTime(step.End) : SimTime.Never;

    /// <inheritdoc />
    public void AdvanceTo(SimTime now)
    {
        while (true)
        {
            if (_planAt < now)
            {
                Plan(_planAt);
            }
            else if (StepEnd <= now)
            {
                EndStep();
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
        if (!VllmAdmission.Accepts(_settings, request))
        {
            var record = RequestRecord.New(request.Index);
            record.Outcome = RequestOutcome.Rejected;
            SetTimeline(now.Nanoseconds);
            _recorder.Timeline.CountCompletion();
            _recorder.Events.Ended(_recorder.Worker, record, now);
            return;
        }

        var keys = new HashIdKeys(_scheduler.Contents, request.Content, _settings.BlockSize);
        var submitted = new ReplicaRequest(request, _settings, keys, _seed);
        _requests.Add(request.Index, submitted);
        _scheduler.Add(submitted);
        TokensInFlight += request.InputTokens;
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _scheduler.WaitingCount);
        SetTimeline(now.Nanoseconds);
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
        while (_inFlight.Count < _depth && _requests.Count > 0)
        {
            var step = _spare.Count > 0 ? _spare.Pop() : new StepInFlight();
            _scheduler.Schedule(step.Plan);
            NotePlanned(step.Plan, now);
            if (step.Plan.Count > 0)
            {
                _inFlight.Enqueue(step);
                if (_inFlight.Count == 1)
                {
                    Start(step, now.Nanoseconds);
                }

                continue;
            }

            var spins = step.Plan.Preempted.Count > 0 && _inFlight.Count == 0;
            _spare.Push(step);
            if (!spins)
            {
                break;
            }
        }

        // Every accepted request can run when it is alone: an idle engine has none.
        Invariant.That(_inFlight.Count > 0 || _requests.Count == 0);
    }

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        if (!_requests.TryGetValue(requestIndex, out var request))
        {
            return;
        }

        _scheduler.Abort(request);
        SetTimeline(now.Nanoseconds);
        End(request, RequestOutcome.Aborted, now);
        PlanWhenIdle(now);
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        _planAt = SimTime.Never;
        _inFlight.Clear();
        foreach (var request in _requests.Values.OrderBy(request => request.Index).ToArray())
        {
            _scheduler.Abort(request);
            Report(request, RequestOutcome.Unfinished, now);
        }

        SetTimeline(now.Nanoseconds);
    }

    private void PlanWhenIdle(SimTime now)
    {
        if (_inFlight.Count == 0)
        {
            _planAt = SimTime.Min(_planAt, now);
        }
    }

    private void NotePlanned(StepPlan plan, SimTime now)
    {
        foreach (ref var planned in plan.Requests)
        {
            var request = (ReplicaRequest)planned.Request;
            if (request.Record.Scheduled == SimTime.Never)
            {
                request.Record.Scheduled = now;
                request.Record.CachedTokens = request.FirstHit;
            }
        }

        _recorder.Preemptions += plan.Preempted.Count;
        _recorder.RunningPeak = Math.Max(_recorder.RunningPeak, _scheduler.Running.Count);
        _recorder.WaitingPeak = Math.Max(_recorder.WaitingPeak, _scheduler.WaitingCount);
        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, _scheduler.Cache.Pool.Used);
        SetTimeline(now.Nanoseconds);
    }

    private void Start(StepInFlight step, long now)
    {
        var duration = Math.Max(1, SimDuration.FromMilliseconds(_stepTime.Milliseconds(Describe(step.Plan))).Nanoseconds);
        step.End = checked(now + duration);
        _recorder.Steps++;
        _recorder.BusyNanoseconds += duration;
    }

    private StepBatch Describe(StepPlan plan)
    {
        if (_prefills.Length < plan.Count)
        {
            Array.Resize(ref _prefills, plan.Count * 2);
            Array.Resize(ref _contexts, plan.Count * 2);
        }

        var prefills = 0;
        var decodes = 0;
        long context = 0;
        var drafts = 0;
        foreach (ref var planned in plan.Requests)
        {
            var request = planned.Request;
            drafts += planned.Drafts;
            var tokens = planned.Tokens - planned.Drafts;
            if (planned.IsPrefill)
            {
                _prefills[prefills++] = new PrefillChunk(tokens, planned.ComputedBefore, planned.Emits);
                _recorder.PrefillTokens += tokens;
            }
            else
            {
                // The request's own count is right by now: drafts that the step before rejected were taken back.
                var kept = request.Computed - planned.Drafts;
                _contexts[decodes++] = kept;
                context += kept;
            }
        }

        return new StepBatch
        {
            Prefills = _prefills.AsSpan(0, prefills),
            DecodeRequests = decodes,
            DecodeContextTokens = context,
            DraftTokens = drafts,
            DecodeContexts = _stepTime.NeedsContextLengths ? _contexts.AsSpan(0, decodes) : [],
        };
    }

    private void EndStep()
    {
        var step = _inFlight.Dequeue();
        var end = step.End;
        var now = new SimTime(end);
        _recorder.LastStepEnd = end;
        _recorder.Timeline.Hold(end);

        foreach (ref var planned in step.Plan.Requests)
        {
            planned.Generated = Generate(planned);
        }

        _scheduler.Update(step.Plan);
        long delivered = 0;
        foreach (ref var planned in step.Plan.Requests)
        {
            delivered += planned.Delivered;
            Deliver((ReplicaRequest)planned.Request, planned.Delivered, now);
            if (planned.Finished)
            {
                _ended.Add((ReplicaRequest)planned.Request);
            }
        }

        _recorder.OutputTokens += delivered;
        _recorder.Timeline.CountTokens(delivered);
        TokensInFlight += delivered;
        SetTimeline(end);
        if (_inFlight.TryPeek(out var next))
        {
            Start(next, end);
        }

        _spare.Push(step);
        foreach (var request in _ended)
        {
            End(request, request.MaxTokens < request.WantedTokens ? RequestOutcome.Truncated : RequestOutcome.Completed, now);
        }

        _ended.Clear();
        _planAt = _requests.Count > 0 ? now : SimTime.Never;
    }

    private int Generate(in PlannedRequest planned)
    {
        if (!planned.Emits)
        {
            return 0;
        }

        // Padding has no proposer behind it: none of it can be right.
        var request = (ReplicaRequest)planned.Request;
        var accepted = planned.Padded || request.Status == RequestStatus.Finished ? 0 : _acceptance.Sample(planned.Drafts, ref request.Random);
        return 1 + accepted;
    }

    private void Deliver(ReplicaRequest request, int tokens, SimTime now)
    {
        for (var i = 0; i < tokens; i++)
        {
            request.Record.Deliver(now, _recorder.TokenGaps);
        }
    }

    private void End(ReplicaRequest request, RequestOutcome outcome, SimTime now)
    {
        _recorder.Timeline.CountCompletion();
        Report(request, outcome, now);
    }

    private void Report(ReplicaRequest request, RequestOutcome outcome, SimTime now)
    {
        _requests.Remove(request.Index);
        TokensInFlight -= request.Tokens;
        request.Record.Outcome = outcome;
        request.Record.Preemptions = request.Preemptions;
        _recorder.Events.Ended(_recorder.Worker, request.Record, now);
    }

    private void SetTimeline(long now) =>
        _recorder.Timeline.Set(now, _scheduler.Running.Count, _scheduler.WaitingCount, _scheduler.Cache.Pool.Used);
}
