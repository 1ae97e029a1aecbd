using Foretoken.Engines.HandOff;
using Foretoken.Engines.Queues;
using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>KV that comes from elsewhere or goes there, as the plain scheduler has it (<c>SgLangScheduler.HandOff.cs</c>).</summary>
public sealed partial class FastSgLangReplica
{
    // Slots of requests in parts, by the requests' numbers: until their KV is here, or was read.
    private readonly Dictionary<int, int> _parts = [];
    private readonly SlotQueue _prealloc = new();
    private readonly SlotQueue _transferred = new();
    private readonly SlotQueue _offloaded = new();
    private readonly List<int> _reserved = [];
    private readonly List<int> _prebuilt = [];
    private int _transferring;
    private int _lastPrebuilt;

    // Requests whose KV is missing here, and ended ones whose KV is needed elsewhere.
    private int _missing;
    private int _held;

    // A part of a request has come, and a plan has seen one.
    private bool _takesParts;
    private bool _handsOff;

    private bool WaitsForOthers => _missing > 0 || _held > 0;

    // Requests that wait for memory, for their KV, or for a place in the batch.
    private int RemoteWaiting => _prealloc.Count + _transferring + _transferred.Count + _offloaded.Count;

    private bool NobodyIsHere => _runningCount + _transferring + _transferred.Count == 0;

    // Requests that there may be beside those in the batch, with memory of their own.
    private int FreePlaces =>
        (_settings.MaxRunningRequests * (_settings.MaxRunningRequests <= 32 ? 3 : 1)) - _runningCount - _transferring - _transferred.Count;

    private long Reserve => (long)SgLangConstants.NumReservedDecodeTokens * (_runningCount + _transferring + _transferred.Count);

    /// <inheritdoc />
    public void KvArrived(int requestIndex, SimTime now)
    {
        if (!_parts.TryGetValue(requestIndex, out var slot) || !_slots[slot].KvMissing)
        {
            return;
        }

        _parts.Remove(requestIndex);
        ref var r = ref _slots[slot];
        Invariant.That(r.Transferring);
        r.KvMissing = false;
        r.Transferring = false;
        _missing--;
        _transferring--;
        _transferred.PushBack(slot);
        if (_runningCount < _settings.MaxRunningRequests)
        {
            LeaveRun();
        }

        PlanWhenIdle(now.Nanoseconds);
    }

    /// <inheritdoc />
    public void ReleaseKv(int requestIndex, SimTime now)
    {
        if (!_parts.TryGetValue(requestIndex, out var slot) || _slots[slot] is not { HoldsKv: true, Reported: true })
        {
            return;
        }

        LeaveRun();
        _parts.Remove(requestIndex);
        _held--;
        Release(slot, insert: true);
        Leave(slot);
        Mark(now.Nanoseconds);
        PlanWhenIdle(now.Nanoseconds);
    }

    private static long Alone(in FastSgLangRequest r) => r.Prompt + Clip(r.MaxNewTokens);

    private bool Accepts(in RequestSpec request, RequestPart part) =>
        SgLangAdmission.Accepts(_settings, request)
        && (part != RequestPart.Decode || SgLangScheduler.CanTakeOver(_settings, request.InputTokens, request.OutputTokens));

    private void NotePart(int slot, ref FastSgLangRequest r, RequestPart part)
    {
        if (part == RequestPart.Whole)
        {
            return;
        }

        _takesParts = true;
        r.IsRemote = part == RequestPart.Decode;
        r.KvMissing = r.IsRemote;
        r.HoldsKv = part == RequestPart.Prefill;
        _missing += r.IsRemote ? 1 : 0;
        _parts.Add(r.Record.Index, slot);
    }

    // It ends: what was cut short holds nothing for others, and waits for nothing.
    private void ForgetPart(int slot, RequestOutcome outcome)
    {
        ref var r = ref _slots[slot];
        if (r.KvMissing)
        {
            r.KvMissing = false;
            _missing--;
            _parts.Remove(r.Record.Index);
        }
        else if (r.HoldsKv && outcome != RequestOutcome.Completed)
        {
            _parts.Remove(r.Record.Index);
        }
    }

    // A request that is cancelled on its way here.
    private bool ForgetRemote(int slot)
    {
        ref var r = ref _slots[slot];
        if (!r.IsRemote)
        {
            return false;
        }

        if (_prealloc.Remove(slot) || _offloaded.Remove(slot))
        {
            return true;
        }

        if (!r.Transferring && !_transferred.Remove(slot))
        {
            return false;
        }

        _transferring -= r.Transferring ? 1 : 0;
        r.Transferring = false;
        Release(slot, insert: false);
        return true;
    }

    // A prompt is computed: its KV stays until it was read.
    private void KeepForOthers(int slot, int tokens)
    {
        ref var r = ref _slots[slot];
        r.Finished = true;
        r.FinishedAtStep = _stepsFinished;
        _unfinished--;
        CacheUnfinished(slot, tokens);
        _held++;
    }

    // What a chunk has computed is sent while the next is computed.
    private void TellChunks(FastBatch batch, long now)
    {
        if (_recorder.HandOff is not { } handOff)
        {
            return;
        }

        for (var i = 0; i < batch.ExtendCount; i++)
        {
            ref readonly var extend = ref batch[i];
            if (!extend.Emits && _slots[extend.Slot] is { HoldsKv: true, Finished: false } r)
            {
                handOff.Computed(_recorder.Worker, r.Record.Index, extend.End, new SimTime(now));
            }
        }
    }

    // Before every batch.
    private void TakeOver()
    {
        if (!_handsOff)
        {
            return;
        }

        _reserved.Clear();
        _prebuilt.Clear();
        var before = _lastPrebuilt;
        _lastPrebuilt = 0;
        _isFull = false;
        Resume(before);
        if (_offloaded.Count == 0)
        {
            Preallocate(before);
        }

        while (_transferred.Count > 0 && _runningCount < _settings.MaxRunningRequests)
        {
            Join(_transferred.PopFront());
        }
    }

    private void Join(int slot)
    {
        ref var r = ref _slots[slot];
        _lastPrebuilt++;
        if (r.Generated == 0)
        {
            // The prefill side sampled it.
            r.Generated = 1;
            r.LastTokenAt = _at;
            r.Record.FirstToken = new SimTime(_at);
            _prebuilt.Add(slot);
        }

        if (r.Generated < r.MaxNewTokens)
        {
            AddRunning(slot);
            return;
        }

        r.Finished = true;
        _unfinished--;
        Release(slot, insert: true);
    }

    // Retracted requests come back first, and nobody overtakes them.
    private void Resume(int lastPrebuilt)
    {
        while (_offloaded.Count > 0 && Returns(lastPrebuilt))
        {
            var slot = _offloaded.PopFront();
            _slots[slot].Retracted = false;
            Reserved(slot, _slots[slot].Tokens - 1);
            _transferred.PushBack(slot);
        }
    }

    private bool Returns(int lastPrebuilt)
    {
        var tokens = _slots[_offloaded[0]].Tokens;
        return NobodyIsHere
            ? tokens <= ReachableTokens
            : tokens + SgLangConstants.NumReservedDecodeTokens <= ReachableTokens - Reserve - ((long)SgLangConstants.NumReservedDecodeTokens * lastPrebuilt);
    }

    // In order; the first that does not fit ends the search.
    private void Preallocate(int lastPrebuilt)
    {
        var places = FreePlaces;
        if (_prealloc.Count == 0 || places <= 0)
        {
            return;
        }

        var (retractable, most) = RunningTokens();
        var allocatable = NobodyIsHere
            ? ReachableTokens
            : ReachableTokens - Math.Max(Reserve, most - retractable) - ((long)SgLangConstants.NumReservedDecodeTokens * lastPrebuilt);
        while (_prealloc.Count > 0 && places > 0)
        {
            var slot = _prealloc[0];
            ref var r = ref _slots[slot];
            var required = r.Prompt + SgLangConstants.NumReservedDecodeTokens;
            if (Math.Max(required, Alone(r) - retractable) > allocatable)
            {
                return;
            }

            _prealloc.PopFront();
            allocatable -= required;
            places--;
            Reserved(slot, r.Prompt);
            r.Transferring = true;
            _transferring++;
            _reserved.Add(slot);
        }
    }

    // Tokens of the running requests, and the most that one of them may have at its end; none, if nobody runs.
    private (long Tokens, long Most) RunningTokens()
    {
        long tokens = 0;
        long most = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            tokens += r.Tokens;
            most = Math.Max(most, Alone(r));
        }

        return (tokens, most);
    }

    // It gets slots for so many tokens, and shares none.
    private void Reserved(int slot, int tokens)
    {
        ref var r = ref _slots[slot];
        MakeRoom(Pages(tokens));
        r.Node = FastRadixTree.Root;
        Allocate(ref r, tokens);
        r.Prefix = tokens;
    }

    private void TellReserved()
    {
        if (_handsOff && _recorder.HandOff is { } handOff)
        {
            foreach (var slot in _reserved)
            {
                handOff.Reserved(_recorder.Worker, _slots[slot].Record.Index, 0, new SimTime(_at));
            }
        }
    }

    // Tokens that came with the KV of those that the plan took in.
    private void DeliverTakenOver(FastBatch? batch)
    {
        if (!_handsOff || _prebuilt.Count == 0)
        {
            return;
        }

        var now = new SimTime(_at);
        foreach (var slot in _prebuilt)
        {
            ref var r = ref _slots[slot];
            r.Record.Scheduled = now;
            if (batch is { DecodeCount: > 0 } && r is { Finished: false, Retracted: false })
            {
                r.Record.CachedTokens = r.Committed - 1;
            }

            _recorder.Events.FirstToken(_recorder.Worker, r.Record.Index, now);
        }

        _tokensInFlight += _prebuilt.Count;
        _recorder.OutputTokens += _prebuilt.Count;
        _recorder.Timeline.Hold(_at);
        _recorder.Timeline.CountTokens(_prebuilt.Count);
        _recorder.Timeline.Set(_at, Running, Waiting, UsedPages);
        foreach (var slot in _prebuilt)
        {
            if (_slots[slot].Finished)
            {
                // No batch ever named it.
                End(slot, RequestOutcome.Completed, now);
                FreeSlot(slot);
            }
        }
    }

    // For how many plans, at most `wanted`, nobody is let in while the same requests decode. Memory only gets less meanwhile; but
    // the requests' own tokens, which could be given up, become more.
    private int NobodyJoins(int wanted)
    {
        if (_waiting.Count > 0 || (_transferred.Count > 0 && _runningCount < _settings.MaxRunningRequests))
        {
            return 0;
        }

        if (_offloaded.Count > 0)
        {
            return Returns(lastPrebuilt: 0) ? 0 : wanted;
        }

        if (_prealloc.Count == 0 || FreePlaces <= 0)
        {
            return wanted;
        }

        ref var r = ref _slots[_prealloc[0]];
        var (retractable, most) = RunningTokens();
        var alone = Alone(r);
        long required = r.Prompt + SgLangConstants.NumReservedDecodeTokens;
        bool KeepsOut(long plan)
        {
            var tokens = retractable + (plan * _runningCount);
            return Math.Max(required, alone - tokens) + Math.Max(Reserve, most - tokens) > ReachableTokens;
        }

        if (KeepsOut(wanted - 1L))
        {
            return wanted;
        }

        var low = 0;
        while (wanted - low > 1)
        {
            var middle = low + (wanted - low) / 2;
            if (KeepsOut(middle - 1L))
            {
                low = middle;
            }
            else
            {
                wanted = middle;
            }
        }

        return low;
    }
}
