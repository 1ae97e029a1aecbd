using Foretoken.Engines.HandOff;
using Foretoken.Engines.Queues;
using Foretoken.Engines.Replicas;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// The vLLM engine in long strides. Its scheduler is the plain engine's, written again over <see cref="FastKvCache"/>; and
/// while nothing but decoding happens it plans a whole run of steps at once (<c>.Run.cs</c>). Covers first-come-first-served
/// scheduling over one full-attention KV group, synchronous and asynchronous, with everything that such an engine does:
/// chunks, prefix cache, gates, preemption, aborts. Equal to <c>PlainVllmReplica</c> to the nanosecond; the differential
/// tests say so on thousands of random scenarios.
/// </summary>
public sealed partial class FastVllmReplica : IHandOffReplica
{
    private readonly VllmSettings _settings;
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly PrefixTree? _tree;
    private readonly NodeBlocks _nodes;
    private readonly FastKvCache _cache;
    private readonly KvEventBuffer? _events;
    private readonly int _maxSeqs;
    private readonly int _budget;
    private readonly int _blockSize;
    private readonly int _maxModelLen;
    private readonly int _watermarkBlocks;
    private readonly int _threshold;
    private readonly int _depth;
    private readonly bool _chunked;
    private readonly bool _async;
    private readonly bool _reserveFull;
    private readonly bool _caching;

    private readonly PlannedStep[] _flight = [new(), new()];
    private readonly SlotQueue _waiting = new();
    private readonly SlotQueue _skipped = new();
    private readonly SlotQueue _putAside = new();
    private readonly HoldList _hits = new();
    private FastRequest[] _slots = new FastRequest[16];
    private HoldList[] _holds = new HoldList[16];
    private int[] _freeSlots = new int[16];
    private int _freeSlotCount;
    private int _slotsUsed;
    private int[] _running = new int[16];
    private int _runningCount;
    private PrefillChunk[] _chunks = new PrefillChunk[8];
    private int[] _contexts = [];
    private int _flightCount;
    private Phase _phase = Phase.Idle;
    private long _at;
    private long _tokensInFlight;
    private long _gap;
    private int _gapCount;

    /// <summary>Creates an idle replica with an empty cache.</summary>
    /// <param name="settings">Engine settings; <see cref="NotCovered"/> must be null for them.</param>
    /// <param name="stepTime">How long a step takes.</param>
    /// <param name="recorder">Receives what happens.</param>
    /// <param name="tree">Tree that the requests' paths refer to; null when none has a path.</param>
    public FastVllmReplica(VllmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, PrefixTree? tree)
    {
        if (NotCovered(settings) is { } reason)
        {
            throw new ArgumentException(reason, nameof(settings));
        }

        _settings = settings;
        _stepTime = stepTime;
        _recorder = recorder;
        _tree = tree;
        _nodes = new NodeBlocks(tree, settings.BlockSize);
        _cache = new FastKvCache(_nodes, settings.UsableBlocks) { Events = recorder.Kv };
        _events = recorder.Kv;
        _maxSeqs = settings.MaxNumSeqs;
        _budget = settings.MaxNumBatchedTokens;
        _blockSize = settings.BlockSize;
        _maxModelLen = settings.MaxModelLen;
        _watermarkBlocks = (int)(settings.Watermark * settings.NumGpuBlocks);
        _threshold = settings.LongPrefillTokenThreshold;
        _async = settings.AsyncScheduling;
        _depth = _async ? 2 : 1;
        _chunked = settings.EnableChunkedPrefill;
        _reserveFull = settings.SchedulerReserveFullIsl;
        _caching = settings.EnablePrefixCaching;
        _canRun = !stepTime.NeedsContextLengths;
    }

    private enum Phase
    {
        /// <summary>Nothing to do until a submission.</summary>
        Idle,

        /// <summary>A plan is due at <see cref="_at"/>, once all submissions of that moment are in.</summary>
        PlanDue,

        /// <summary>The step at the head of the flight is executing.</summary>
        Flying,
    }

    /// <inheritdoc />
    public int RequestsInFlight { get; private set; }

    /// <inheritdoc />
    public long TokensInFlight => _tokensInFlight + RunTokens;

    /// <inheritdoc />
    public int Running => _runningCount;

    /// <inheritdoc />
    public int Waiting => WaitingCount;

    /// <inheritdoc />
    public int KvBlocksUsed => _inRun ? _runUsed : _cache.Used;

    /// <inheritdoc />
    public SimTime NextWake => _phase switch
    {
        Phase.Idle => SimTime.Never,
        Phase.PlanDue => new SimTime(_at),
        _ => new SimTime(_inRun ? _events is null ? RunHorizon : Math.Min(RunHorizon, NextPublication) : _flight[0].End),
    };

    /// <summary>Why the fast engine cannot take these settings (the plain one can); null when it can.</summary>
    public static string? NotCovered(VllmSettings settings)
    {
        if (settings.SchedulingPolicy != VllmSchedulingPolicy.Fcfs)
        {
            return "scheduling_policy priority";
        }

        if (settings.Offloading is not null)
        {
            return "KV outside the GPU";
        }

        if (settings.DataParallelSize > 1)
        {
            return "data-parallel ranks that step together";
        }

        if (settings.Speculation is not null)
        {
            return "speculative decoding";
        }

        return settings.KvCacheGroups is [{ SlidingWindow: null }] ? null : "sliding-window or hybrid KV groups";
    }

    /// <inheritdoc />
    public void AdvanceTo(SimTime now) => Live(now.Nanoseconds, planAtUntil: false);

    /// <inheritdoc />
    public void Plan(SimTime now) => Live(now.Nanoseconds, planAtUntil: true);

    /// <inheritdoc />
    public void Submit(in RequestSpec request, SimTime now) => Submit(request, RequestPart.Whole, now);

    /// <inheritdoc />
    public void Submit(in RequestSpec request, RequestPart part, SimTime now) => Enter(part.Of(request), part, now);

    /// <inheritdoc />
    public void Abort(int requestIndex, SimTime now)
    {
        LeaveRun();
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref var r = ref _slots[slot];
            if (r.Record.Index == requestIndex && r.MaxTokens > 0 && !r.Ended)
            {
                if (r.Running)
                {
                    RemoveFromRunning(slot);
                }
                else if (!_waiting.Remove(slot))
                {
                    _skipped.Remove(slot);
                }

                End(slot, RequestOutcome.Aborted, now.Nanoseconds);
                Mark(now.Nanoseconds);
                if (_phase == Phase.Idle && RequestsInFlight > 0)
                {
                    _phase = Phase.PlanDue;
                    _at = now.Nanoseconds;
                }

                return;
            }
        }
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        LeaveRun();
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref var r = ref _slots[slot];
            if (r.MaxTokens > 0 && !r.Ended)
            {
                r.Record.OutputTokens = r.Generated;
                r.Record.Outcome = RequestOutcome.Unfinished;
                r.Ended = true;
                RequestsInFlight--;
                _recorder.Events.Ended(_recorder.Worker, r.Record, now);
            }
        }

        _phase = Phase.Idle;
    }

    /// <summary>Checks the books in full. For tests.</summary>
    public void Verify()
    {
        if (_inRun)
        {
            return;
        }

        var held = 0;
        var distinct = new HashSet<(int, int)>();
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref var r = ref _slots[slot];
            Invariant.That(r.Registered <= r.Owned);
            if (r.Owned == 0)
            {
                continue;
            }

            held += r.Owned - r.Registered;
            var holds = _holds[slot];
            for (var h = 0; h < holds.Count; h++)
            {
                _cache.CountHeld(holds[h], distinct);
            }
        }

        _cache.Verify(held + distinct.Count);
    }

    private void Enter(in RequestSpec request, RequestPart part, SimTime now)
    {
        var at = now.Nanoseconds;
        _recorder.Requests++;
        if (!VllmAdmission.Accepts(_settings, request))
        {
            Mark(at);
            _recorder.Refuse(request.Index, now);
            return;
        }

        var slot = TakeSlot();
        ref var r = ref _slots[slot];
        r = default;
        r.Record = RequestRecord.New(request.Index);
        r.InputTokens = request.InputTokens;
        r.MaxTokens = VllmAdmission.AnswerTokens(_settings, request);
        r.Cut = r.MaxTokens < request.OutputTokens;
        r.Tokens = request.InputTokens;
        r.LastTokenAt = -1;
        if (_caching && request.Content.Path.Length > 0)
        {
            _nodes.Refresh();
            r.Path = request.Content.Path;
            r.KnownBlocks = Math.Min(request.Content.KnownTokens / _blockSize, _nodes.End(r.Path.Span[^1]));
        }

        NotePart(slot, ref r, part);
        if (_inRun && WaitingCount == _awaiting)
        {
            _runBroken = true;
        }

        _waiting.PushBack(slot);
        RequestsInFlight++;
        _tokensInFlight += request.InputTokens;
        Mark(at);
        _recorder.Timeline.CountArrival();
        if (_phase == Phase.Idle)
        {
            _phase = Phase.PlanDue;
            _at = at;
        }
    }

    private void Live(long until, bool planAtUntil)
    {
        while (true)
        {
            switch (_phase)
            {
                case Phase.PlanDue when _at < until || (planAtUntil && _at == until):
                    if (_inRun)
                    {
                        ContinueRun(until, planAtUntil);
                    }
                    else if (!TryStartRun(until, planAtUntil))
                    {
                        PlanSteps();
                    }

                    break;

                case Phase.Flying when _inRun && RunEnd <= until:
                    ContinueRun(until, planAtUntil);
                    break;

                case Phase.Flying when !_inRun && _flight[0].End <= until:
                    FinishStep();
                    break;

                default:
                    return;
            }
        }
    }

    private int WaitingCount => _waiting.Count + _skipped.Count;

    private int Blocks(int tokens) => (int)(((uint)tokens + (uint)_blockSize - 1) / (uint)_blockSize);

    private int TakeSlot()
    {
        if (_freeSlotCount > 0)
        {
            return _freeSlots[--_freeSlotCount];
        }

        if (_slotsUsed == _slots.Length)
        {
            Array.Resize(ref _slots, _slotsUsed * 2);
            Array.Resize(ref _holds, _slotsUsed * 2);
            Array.Resize(ref _freeSlots, _slotsUsed * 2);
        }

        _holds[_slotsUsed] = new HoldList();
        _cache.EnsureSlots(_slots.Length);
        return _slotsUsed++;
    }

    private void FreeSlot(int slot)
    {
        _slots[slot].MaxTokens = 0;
        _freeSlots[_freeSlotCount++] = slot;
    }

    private void AddRunning(int slot)
    {
        if (_runningCount == _running.Length)
        {
            Array.Resize(ref _running, _runningCount * 2);
        }

        _running[_runningCount++] = slot;
    }

    private void RemoveFromRunning(int slot)
    {
        var i = Array.IndexOf(_running, slot, 0, _runningCount);
        Invariant.That(i >= 0);
        Array.Copy(_running, i + 1, _running, i, _runningCount - i - 1);
        _runningCount--;
    }

    // The gauges hold their new values from now on.
    private void Mark(long now)
    {
        var waiting = WaitingCount;
        _recorder.Timeline.Set(now, _runningCount, waiting, _inRun ? _runUsed : _cache.Used);
        if (waiting > _recorder.WaitingPeak)
        {
            _recorder.WaitingPeak = waiting;
        }
    }

    // Frees what the request holds and tells its outcome. It has left the queues already.
    private void End(int slot, RequestOutcome outcome, long now)
    {
        ref var r = ref _slots[slot];
        ForgetPart(slot, ref r, outcome);
        if (!r.HoldsKv)
        {
            FreeBlocks(slot, ref r);
        }

        r.Running = false;
        r.Ended = true;
        r.Record.OutputTokens = r.Generated;
        r.Record.Outcome = outcome;
        RequestsInFlight--;
        _tokensInFlight -= r.Tokens;
        Invariant.That(_tokensInFlight >= 0);
        _recorder.Timeline.Hold(now);
        _recorder.Timeline.CountCompletion();
        _recorder.Events.Ended(_recorder.Worker, r.Record, new SimTime(now));
        if (r.InFlight == 0 && !r.HoldsKv)
        {
            FreeSlot(slot);
        }
    }

    private void FreeBlocks(int slot, ref FastRequest r)
    {
        _cache.Release(_holds[slot], r.Owned - r.Registered);
        _cache.Forget(slot);
        r.Owned = 0;
        r.Registered = 0;
    }
}
