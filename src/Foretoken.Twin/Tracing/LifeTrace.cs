using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Tracing;

/// <summary>Writes down one request's life.</summary>
/// <param name="index">The request's number in the run.</param>
public sealed class LifeTrace(int index) : RunTrace
{
    private readonly Dictionary<int, (int Running, int Waiting, int KvBlocksUsed)> _loads = [];
    private readonly Dictionary<int, PoolPlan> _pools = [];

    // When it came into whose queue: with prompts computed elsewhere two replicas have it.
    private readonly Dictionary<int, SimTime> _queued = [];
    private readonly List<LifeEvent> _events = [];
    private RequestSpec _spec;
    private PhaseClock? _clock;
    private string? _reason;
    private int _worker = -1;

    // What it is at while no step of its own runs and nothing moves for it.
    private LifePhase _resting = LifePhase.Held;
    private LifePhase? _step;
    private int _transfers;
    private SimTime _preempted = SimTime.Never;
    private int _stepsPassed;
    private int _tokens;
    private DecodeEvent? _decode;
    private SimTime _first = SimTime.Never;
    private IReadOnlyList<PhaseTime> _untilFirst = [];
    private SimTime _last = SimTime.Never;

    /// <summary>The life; null when no such request ended yet.</summary>
    public RequestLife? Life { get; private set; }

    /// <inheritdoc />
    public override void ReplicaAdded(int worker, PoolPlan pool) => _pools[worker] = pool;

    /// <inheritdoc />
    public override void Explained(int request, string reason)
    {
        if (request == index)
        {
            _reason = reason;
        }
    }

    /// <inheritdoc />
    public override void Arrived(in RequestSpec request)
    {
        if (request.Index == index)
        {
            _spec = request;
            _clock = new PhaseClock(request.Arrival);
        }
    }

    /// <inheritdoc />
    public override void Held(int request, string reason, SimTime at)
    {
        if (request == index)
        {
            _events.Add(new HeldEvent(at, reason));
        }
    }

    /// <inheritdoc />
    public override void Shed(int request, string reason, SimTime at)
    {
        if (request == index)
        {
            _events.Add(new ShedEvent(at, reason));
        }
    }

    /// <inheritdoc />
    public override void Routed(int request, int worker, SimTime at)
    {
        if (request == index)
        {
            _worker = worker;
            _resting = LifePhase.Frontend;
            _events.Add(new RoutedEvent(at, worker, _reason));
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void Queued(int worker, int request, SimTime at)
    {
        if (request == index)
        {
            var load = _loads.GetValueOrDefault(worker);
            _worker = worker;
            _queued[worker] = at;
            _stepsPassed = 0;
            _resting = LifePhase.Queue;
            _events.Add(new QueuedEvent(at, worker, load.Waiting, load.Running, load.KvBlocksUsed, _pools[worker].Engine.KvBlocks));
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void Admitted(int worker, int request, SimTime at, int cachedTokens)
    {
        if (request == index)
        {
            _events.Add(new AdmittedEvent(at, at - _queued[worker], _stepsPassed, cachedTokens));
            _resting = LifePhase.Planned;
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void Preempted(int worker, int request, SimTime at)
    {
        if (request == index)
        {
            _preempted = at;
            _resting = LifePhase.Preempted;
            _events.Add(new PreemptedEvent(at, _spec.InputTokens + _tokens));
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void TransferStarted(int request, string what, long bytes, SimTime at)
    {
        if (request == index)
        {
            _transfers++;
            _events.Add(new TransferEvent(at, what, bytes));
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void TransferEnded(int request, SimTime at)
    {
        if (request == index && _events.OfType<TransferEvent>().FirstOrDefault(e => e.End == SimTime.Never) is { } transfer)
        {
            _transfers--;
            transfer.End = at;
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void StepStarted(in ReplicaStep step)
    {
        if (!_queued.ContainsKey(step.Worker) || Life is not null)
        {
            return;
        }

        var own = -1;
        var prompts = 0;
        var generating = 0;
        for (var i = 0; i < step.Shares.Length; i++)
        {
            ref readonly var share = ref step.Shares[i];
            own = share.Request == index ? i : own;
            prompts += share.IsPrompt ? share.Tokens : 0;
            generating += share.IsPrompt ? 0 : 1;
        }

        if (own < 0)
        {
            if (step.Worker == _worker)
            {
                StepWithout(step);
            }
        }
        else
        {
            _worker = step.Worker;
            TakePart(step, step.Shares[own], prompts, generating);
        }
    }

    /// <inheritdoc />
    public override void StepEnded(int worker, SimTime at)
    {
        if (worker == _worker && _step is not null)
        {
            if (_step == LifePhase.Decode && _decode is not null)
            {
                _decode.End = at;
            }

            _step = null;
            Update(at);
        }
    }

    /// <inheritdoc />
    public override void Delivered(int worker, int request, int tokens, SimTime at)
    {
        if (request != index || _clock is null)
        {
            return;
        }

        // The token that a prompt's own replica makes is not the client's, unless it stays the only one.
        var forNobody = _pools[worker].Role == PoolRole.Prefill;
        if (_tokens == 0)
        {
            _first = at;
            _untilFirst = _clock.Spent(at, SimDuration.Zero);
            if (!forNobody)
            {
                _events.Add(new FirstTokenEvent(at));
            }
        }

        if (forNobody)
        {
            return;
        }

        _tokens += tokens;
        _last = at;
        if (_decode is not null && _step == LifePhase.Decode)
        {
            _decode.Tokens += tokens;
        }
    }

    /// <inheritdoc />
    public override void Loaded(int worker, SimTime at, int running, int waiting, int kvBlocksUsed) =>
        _loads[worker] = (running, waiting, kvBlocksUsed);

    /// <inheritdoc />
    public override void Ended(int worker, in RequestRecord record, SimTime at)
    {
        if (record.Index != index || _clock is null)
        {
            return;
        }

        _events.Add(new EndedEvent(at, record.Outcome));
        var answered = record.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated && _last != SimTime.Never;
        var until = answered ? _last : at;
        var response = _first == SimTime.Never ? SimDuration.Zero : record.FirstToken - _first;
        Life = new RequestLife
        {
            Index = index,
            Arrival = _spec.Arrival,
            InputTokens = _spec.InputTokens,
            OutputTokens = record.OutputTokens,
            Worker = worker,
            Outcome = record.Outcome,
            Events = _events,
            TimeToFirstToken = _first == SimTime.Never ? null : record.FirstToken - _spec.Arrival,
            FirstTokenPhases = WithResponse(_untilFirst, response),
            Latency = until - _spec.Arrival + (answered ? response : SimDuration.Zero),
            Phases = _clock.Spent(until, answered ? response : SimDuration.Zero),
        };
    }

    private static IReadOnlyList<PhaseTime> WithResponse(IReadOnlyList<PhaseTime> phases, SimDuration response) =>
        response == SimDuration.Zero ? phases : [.. phases, new PhaseTime(LifePhase.Response, response)];

    private void StepWithout(in ReplicaStep step)
    {
        if (_resting is LifePhase.Queue or LifePhase.Preempted)
        {
            _stepsPassed++;
        }
        else if (_decode is not null)
        {
            _decode.StepsWithout++;
            _decode.TimeWithout += step.Duration;
        }
    }

    private void TakePart(in ReplicaStep step, in StepShare own, int prompts, int generating)
    {
        if (_preempted != SimTime.Never)
        {
            _events.Add(new ResumedEvent(step.Start, step.Start - _preempted, own.Start));
            _preempted = SimTime.Never;
            _decode = null;
        }

        _resting = LifePhase.Aside;
        if (own.IsPrompt)
        {
            _step = LifePhase.Prompt;
            _decode = null;
            _events.Add(new PromptEvent(step.Start, step.Duration, own.Start, own.Tokens, prompts - own.Tokens, generating));
        }
        else
        {
            _step = LifePhase.Decode;
            Decode(step, prompts);
        }

        Update(step.Start);
    }

    private void Decode(in ReplicaStep step, int prompts)
    {
        var batch = step.Shares.Length;
        if (_decode is null)
        {
            _decode = new DecodeEvent(step.Start) { ShortestStep = step.Duration, SmallestBatch = batch };
            _events.Add(_decode);
        }

        _decode.Steps++;
        _decode.End = step.Start + step.Duration;
        _decode.ShortestStep = step.Duration < _decode.ShortestStep ? step.Duration : _decode.ShortestStep;
        _decode.LongestStep = step.Duration > _decode.LongestStep ? step.Duration : _decode.LongestStep;
        _decode.SmallestBatch = Math.Min(_decode.SmallestBatch, batch);
        _decode.LargestBatch = Math.Max(_decode.LargestBatch, batch);
        if (prompts > 0)
        {
            _decode.StepsWithPrompts++;
            _decode.TimeWithPrompts += step.Duration;
        }
    }

    private void Update(SimTime at) => _clock?.Enter(_step ?? (_transfers > 0 ? LifePhase.Transfer : _resting), at);
}
