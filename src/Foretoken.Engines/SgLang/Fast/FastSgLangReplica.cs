using Foretoken.Engines.HandOff;
using Foretoken.Engines.Queues;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// The SGLang engine in long strides. Its scheduler is the plain engine's, written again over slots, page counts and
/// <see cref="FastRadixTree"/>; and while nothing but decoding happens it plans a whole run of steps at once (<c>.Run.cs</c>).
/// Covers most of what the plain engine does (<see cref="NotCovered"/>): chunks, mixed batches, overlap, radix cache, host memory
/// under write-through, retraction, receive interval, hand-off (<c>.HandOff.cs</c>), speculation (one step at a time), aborts. Equal
/// to <c>PlainSgLangReplica</c> to the nanosecond; the differential tests say so on thousands of random scenarios.
/// </summary>
public sealed partial class FastSgLangReplica : IHandOffReplica
{
    private const int None = -1;

    private readonly SgLangSettings _settings;
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly PrefixTree? _prefixes;
    private readonly PageTree _pages;
    private readonly FastRadixTree _tree;
    private readonly NewTokenRatio _ratio;
    private readonly int _pageSize;
    private readonly int _pageCount;
    private readonly int _depth;
    private readonly bool _caches;
    private readonly bool _chunks;
    private readonly DraftResults? _drafts;
    private readonly int _draftTokens;
    private readonly int _reserve;
    private readonly int _keysShort;
    private readonly ulong _seed;

    private readonly FastBatch[] _batches = [new(), new(), new(), new()];
    private readonly FastBatch?[] _flight = new FastBatch?[2];
    private readonly SlotQueue _waiting = new();
    private readonly SlotQueue _arrived = new();
    private FastSgLangRequest[] _slots = new FastSgLangRequest[16];
    private int[] _freeSlots = new int[16];
    private int _freeSlotCount;
    private int _slotsUsed;
    private int[] _leaving = new int[16];
    private int _leavingCount;
    private long _stepsFinished;
    private int[] _running = new int[16];
    private int[] _scratch = new int[16];
    private int[] _ended = new int[16];
    private int _runningCount;
    private bool _isFull;
    private int _chunked = None;
    private FastBatch? _last;
    private ReceiveSkipper _receive;
    private RandomStream _random;
    private int _freePages;
    private PrefillChunk[] _prefills = new PrefillChunk[16];
    private int[] _contexts = [];
    private int _flightCount;
    private long _stepEnd;
    private Phase _phase = Phase.Idle;
    private long _at;
    private int _unfinished;
    private long _tokensInFlight;

    /// <summary>Creates an idle replica with an empty cache.</summary>
    /// <param name="settings">Engine settings; <see cref="NotCovered"/> must be null for them.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Receives what happens.</param>
    /// <param name="seed">Seed of the random queue order (stream <see cref="StreamId.Scheduling"/>) and of accepted drafts (<see cref="StreamId.Speculation"/>).</param>
    /// <param name="tree">Tree that the requests' paths refer to; null when none has a path.</param>
    public FastSgLangReplica(SgLangSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed, PrefixTree? tree)
    {
        if (NotCovered(settings) is { } reason)
        {
            throw new ArgumentException(reason, nameof(settings));
        }

        _settings = settings;
        _stepTime = stepTime;
        _recorder = recorder;
        _pageSize = settings.PageSize;
        _pageCount = settings.MaxTotalTokens / settings.PageSize;
        _freePages = _pageCount;
        _seed = seed;
        _keysShort = settings.Speculation is { KeysPairs: true } ? 1 : 0;
        _reserve = settings.ReservedPerDecode;
        if (settings.Speculation is { } speculation)
        {
            _drafts = new DraftResults(speculation, seed, (ulong)recorder.Worker);
            _draftTokens = speculation.NumDraftTokens - 1;
        }

        _prefixes = tree;
        _pages = new PageTree(tree, settings.PageSize, _keysShort);
        _tree = new FastRadixTree(_pages, recorder.Kv);
        if (settings.HiCache is { } hierarchy)
        {
            _tree.AddHost(hierarchy, settings.PageSize, recorder.Tiers ??= new TierBook());
        }

        _random = new RandomStream(seed, StreamId.Scheduling, (ulong)recorder.Worker);
        _ratio = new NewTokenRatio(settings.ScheduleConservativeness);
        _receive = new ReceiveSkipper(settings.SchedulerRecvInterval);
        _depth = settings.DisableOverlapSchedule ? 1 : 2;
        _caches = !settings.DisableRadixCache;
        _chunks = settings.ChunkedPrefillSize is not null;
        _canRun = !stepTime.NeedsContextLengths && _drafts is null;
    }

    private enum Phase
    {
        /// <summary>Nothing to do until a submission.</summary>
        Idle,

        /// <summary>A plan is due at <see cref="_at"/>, once all submissions of that moment are in.</summary>
        PlanDue,

        /// <summary>The batch at the head of the flight is executing.</summary>
        Flying,
    }

    /// <inheritdoc />
    public int RequestsInFlight { get; private set; }

    /// <inheritdoc />
    public long TokensInFlight => _tokensInFlight + RunTokens;

    /// <inheritdoc />
    public SimTime NextWake => _phase switch
    {
        Phase.Idle => SimTime.Never,
        Phase.PlanDue => new SimTime(_at),
        _ => new SimTime(_inRun ? RunHorizon : _stepEnd),
    };

    /// <inheritdoc />
    /// <remarks>Admitted and not ended: decoding, in a prefill batch, or with a prompt under way.</remarks>
    public int Running => _unfinished - _waiting.Count - RemoteWaiting;

    /// <inheritdoc />
    public int Waiting => _waiting.Count + RemoteWaiting + _arrived.Count;

    /// <inheritdoc />
    public int KvBlocksUsed => _inRun ? _runUsed : UsedPages;

    private int UsedPages => _pageCount - _freePages - _tree.EvictablePages;

    /// <summary>Why the fast engine cannot take these settings (the plain one can); null when it can.</summary>
    public static string? NotCovered(SgLangSettings settings) => settings.ActivePolicy switch
    {
        _ when settings.HiCache is { Storage: not null } => "hicache_storage_backend",
        _ when settings.HiCache is { WritePolicy: SgLangWritePolicy.WriteBack } => "hicache_write_policy write_back",
        _ when settings.DpSize > 1 => "attention ranks that step together",
        SgLangSchedulePolicy.Fcfs or SgLangSchedulePolicy.Lof or SgLangSchedulePolicy.Lpm or SgLangSchedulePolicy.Random => null,
        SgLangSchedulePolicy.DfsWeight => "schedule_policy dfs-weight",
        _ => "schedule_policy routing-key",
    };

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
            if (!r.InUse || r.Reported || r.Record.Index != requestIndex)
            {
                continue;
            }

            if (_arrived.Remove(slot))
            {
                Finish(slot);
            }
            else if (_waiting.Remove(slot) || ForgetRemote(slot))
            {
                Finish(slot);
                _unfinished--;
            }
            else
            {
                r.Aborted = true;
            }

            Mark(now.Nanoseconds);
            End(slot, RequestOutcome.Aborted, now);
            PlanWhenIdle(now.Nanoseconds);
            return;
        }
    }

    /// <inheritdoc />
    public void Stop(SimTime now)
    {
        LeaveRun();
        var left = new List<int>();
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            if (_slots[slot].InUse && !_slots[slot].Reported)
            {
                left.Add(slot);
            }
        }

        foreach (var slot in left.OrderBy(slot => _slots[slot].Record.Index))
        {
            Report(slot, RequestOutcome.Unfinished, now);
        }

        _phase = Phase.Idle;
        _recorder.Timeline.Set(now.Nanoseconds, 0, 0, 0);
    }

    /// <summary>Checks the books in full. For tests.</summary>
    public void Verify()
    {
        if (_inRun)
        {
            return;
        }

        _tree.Verify();
        var own = 0;
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref var r = ref _slots[slot];
            if (r.InUse)
            {
                Invariant.That(r.Protected % _pageSize == 0 && r.Protected <= r.Committed);
                own += Pages(_reserve == 0 ? r.Committed : r.Allocated) - r.Protected / _pageSize;
            }
        }

        Invariant.That(_freePages + _tree.EvictablePages + _tree.ProtectedPages + own == _pageCount);
    }

    private void Enter(in RequestSpec request, RequestPart part, SimTime now)
    {
        var at = now.Nanoseconds;
        _recorder.Requests++;
        if (!Accepts(request, part))
        {
            Mark(at);
            _recorder.Refuse(request.Index, now);
            return;
        }

        var slot = TakeSlot();
        ref var r = ref _slots[slot];
        r = default;
        r.Record = RequestRecord.New(request.Index);
        r.InUse = true;
        r.Prompt = request.InputTokens;
        r.MaxNewTokens = request.OutputTokens;
        r.Node = None;
        r.LastTokenAt = -1;
        r.Opening = _settings.ActivePolicy == SgLangSchedulePolicy.Lpm ? Opening(request.Content) : None;
        NotePart(slot, ref r, part);
        if (_drafts is not null)
        {
            r.Draws = new RandomStream(_seed, StreamId.Speculation, (ulong)request.Index);
        }

        if (_caches)
        {
            _tree.Adopt(slot);
            if (request.Content.Path.Length > 0)
            {
                _pages.Refresh();
                r.Path = request.Content.Path;
                r.KnownPages = Math.Min(Keys(request.Content.KnownTokens) / _pageSize, _pages.End(r.Path.Span[^1]));
            }
        }

        if (_settings.SchedulerRecvInterval == 1 && !_takesParts)
        {
            // The next plan looks anyway.
            _waiting.PushBack(slot);
            _unfinished++;
        }
        else
        {
            _arrived.PushBack(slot);
        }

        CutRunForArrival();
        RequestsInFlight++;
        _tokensInFlight += request.InputTokens;
        Mark(at);
        _recorder.Timeline.CountArrival();
        PlanWhenIdle(at);
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
                        PlanBatches();
                    }

                    break;

                case Phase.Flying when _inRun && RunEnd <= until:
                    ContinueRun(until, planAtUntil);
                    break;

                case Phase.Flying when !_inRun && _stepEnd <= until:
                    FinishStep();
                    break;

                default:
                    return;
            }
        }
    }

    private void PlanWhenIdle(long now)
    {
        if (_phase == Phase.Idle || (_phase == Phase.PlanDue && _at > now))
        {
            _phase = Phase.PlanDue;
            _at = now;
        }
    }

    private int Pages(int tokens) => (int)(((uint)tokens + (uint)_pageSize - 1) / (uint)_pageSize);

    // The gauges hold their new values from now on.
    private void Mark(long now)
    {
        var waiting = Waiting;
        _recorder.Timeline.Set(now, Running, waiting, _inRun ? _runUsed : UsedPages);
        if (waiting > _recorder.WaitingPeak)
        {
            _recorder.WaitingPeak = waiting;
        }
    }

    private void End(int slot, RequestOutcome outcome, SimTime now)
    {
        _recorder.Timeline.CountCompletion();
        Report(slot, outcome, now);
    }

    private void Report(int slot, RequestOutcome outcome, SimTime now)
    {
        ref var r = ref _slots[slot];
        r.Reported = true;
        r.Record.LastToken = r.Generated > 0 ? new SimTime(r.LastTokenAt) : SimTime.Never;
        r.Record.OutputTokens = r.Generated;
        r.Record.Outcome = outcome;
        ForgetPart(slot, outcome);
        RequestsInFlight--;
        _tokensInFlight -= r.Tokens;
        Invariant.That(_tokensInFlight >= 0);
        _recorder.Events.Ended(_recorder.Worker, r.Record, now);
    }

    private int TakeSlot()
    {
        if (_freeSlotCount > 0)
        {
            return _freeSlots[--_freeSlotCount];
        }

        if (_slotsUsed == _slots.Length)
        {
            Array.Resize(ref _slots, _slotsUsed * 2);
            Array.Resize(ref _freeSlots, _slotsUsed * 2);
        }

        return _slotsUsed++;
    }

    // It generates nothing any more, but batches in flight may still name it.
    private void Finish(int slot)
    {
        ref var r = ref _slots[slot];
        r.Finished = true;
        r.FinishedAtStep = _stepsFinished;
        Leave(slot);
    }

    // Its slot is free once nothing names it any more.
    private void Leave(int slot)
    {
        if (_leavingCount == _leaving.Length)
        {
            Array.Resize(ref _leaving, _leavingCount * 2);
        }

        _leaving[_leavingCount++] = slot;
    }

    // The batch after the one that a request ended with is the last that can name it, and the next plan the last that looks
    // at that batch; only the running list may keep it longer.
    private void FreeSlots()
    {
        var kept = 0;
        for (var i = 0; i < _leavingCount; i++)
        {
            var slot = _leaving[i];
            ref var r = ref _slots[slot];
            if (r.Running || !r.Reported || _stepsFinished < r.FinishedAtStep + 2)
            {
                _leaving[kept++] = slot;
                continue;
            }

            FreeSlot(slot);
        }

        _leavingCount = kept;
    }

    private void FreeSlot(int slot)
    {
        _slots[slot].InUse = false;
        _slots[slot].Path = default;
        _freeSlots[_freeSlotCount++] = slot;
    }

    private void AddRunning(int slot)
    {
        if (_runningCount == _running.Length)
        {
            Array.Resize(ref _running, _runningCount * 2);
            Array.Resize(ref _scratch, _runningCount * 2);
        }

        _slots[slot].Running = true;
        _running[_runningCount++] = slot;
    }

    private void DropFinished()
    {
        var kept = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            var slot = _running[i];
            if (_slots[slot].Finished)
            {
                _slots[slot].Running = false;
            }
            else
            {
                _running[kept++] = slot;
            }
        }

        _runningCount = kept;
    }

    private FastBatch NewBatch()
    {
        foreach (var batch in _batches)
        {
            if (batch is { InFlight: false, Last: false })
            {
                batch.Clear();
                return batch;
            }
        }

        throw new InvalidOperationException("no batch is free");
    }

    private void SetLast(FastBatch? batch)
    {
        if (_last is not null)
        {
            _last.Last = false;
        }

        _last = batch;
        if (batch is not null)
        {
            batch.Last = true;
        }
    }
}
