using Foretoken.Engines.SgLang.Plain;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>Prefill batches: the plain engine's PrefillAdder over slots.</summary>
public sealed partial class FastSgLangReplica
{
    private double _totalOffset;
    private long _currentOffset;
    private long _remainingInput;
    private long _remainingChunk;
    private int _newChunked;

    private double RemainingTotal => ReachableTokens - _totalOffset;

    private Admission State =>
        RemainingTotal <= 0 || ReachableTokens - _currentOffset <= 0 ? Admission.NoToken
        : _remainingInput <= 0 || (_chunks && _remainingChunk <= 0) ? Admission.Other
        : Admission.Continue;

    private static int Clip(int maxNewTokens) => Math.Min(maxNewTokens, SgLangConstants.ClipMaxNewTokens);

    private FastBatch? PlanPrefill()
    {
        if ((_isFull || _waiting.Count == 0) && _chunked == None)
        {
            return null;
        }

        var allocatable = _settings.MaxRunningRequests - _runningCount - _held;
        if (allocatable <= 0 && _chunked == None)
        {
            _isFull = true;
            return null;
        }

        OrderWaiting();
        var batch = NewBatch();
        OpenBudgets();
        if (_chunked != None && !AddChunked(batch))
        {
            _chunked = None;
        }

        var fromQueue = AdmitWaiting(batch, allocatable);
        if (batch.ExtendCount == 0)
        {
            return null;
        }

        for (; fromQueue > 0; fromQueue--)
        {
            _waiting.PopFront();
        }

        if (_newChunked != None)
        {
            _chunked = _newChunked;
        }

        AllocateExtends(batch);
        if (_settings.MixesChunks && MixIn(batch))
        {
            batch.Mode = BatchMode.Mixed;
        }

        batch.Chunked = _chunked;
        batch.LoadedAt = _tree.HasHost ? _tree.StartLoads().Nanoseconds : 0;
        return batch;
    }

    private void OpenBudgets()
    {
        var mixed = _settings.MixesChunks ? _runningCount : 0;
        var expected = new PythonSum();
        for (var i = 0; i < _runningCount; i++)
        {
            expected.Add(_slots[_running[i]].RemainingOutput * _ratio.Value);
        }

        _totalOffset = mixed + expected.Value;
        _currentOffset = mixed;
        _remainingInput = _settings.MaxPrefillTokens - mixed;
        _remainingChunk = (_settings.ChunkedPrefillSize ?? 0) - mixed;
        _newChunked = None;
    }

    private bool AddChunked(FastBatch batch)
    {
        var room = Math.Min(_remainingChunk, (long)RemainingTotal);
        if (room <= 0)
        {
            room = _remainingChunk;
        }

        ref var r = ref _slots[_chunked];
        var left = r.Tokens - r.Prefix;
        var truncated = left > room;
        var tokens = (int)Math.Min(left, room);
        AddExtend(batch, _chunked, tokens, !truncated);
        Charge(tokens, truncated ? 0 : Clip(r.MaxNewTokens));
        return truncated;
    }

    // Strictly in order: the first request that does not fit ends the search.
    private int AdmitWaiting(FastBatch batch, int allocatable)
    {
        var before = batch.ExtendCount;
        for (var i = 0; i < _waiting.Count; i++)
        {
            _isFull |= batch.ExtendCount >= allocatable;
            if (_isFull)
            {
                break;
            }

            var result = Admit(batch, _waiting[i]);
            if (result != Admission.Continue)
            {
                // With host memory, memory may be held by copies alone, which nobody's end gives back.
                _isFull |= result == Admission.NoToken && (!_tree.HasHost || batch.ExtendCount > 0 || _runningCount > 0);
                break;
            }
        }

        return batch.ExtendCount - before;
    }

    private Admission Admit(FastBatch batch, int slot)
    {
        ref var r = ref _slots[slot];
        var matched = Match(slot, r.Tokens - 1, out var node, out var end, out var hostTokens);
        var wanted = r.Tokens - matched;
        var needed = wanted + Math.Max(r.RemainingOutput, 0) + _pageSize;
        if (needed >= RemainingTotal)
        {
            return Admission.NoToken;
        }

        var whole = Ceil(wanted - hostTokens);
        if (!_chunks && batch.ExtendCount > 0 && whole >= _remainingInput)
        {
            return Admission.Other;
        }

        _tree.Lock(node);
        if (needed >= RemainingTotal)
        {
            _tree.Unlock(node);
            return Admission.NoToken;
        }

        if (hostTokens > 0)
        {
            if (TryLoadBack(end, node, hostTokens / _pageSize))
            {
                _tree.Lock(end);
                _tree.Unlock(node);
                node = end;
                matched += hostTokens;
                wanted -= hostTokens;
                _tree.CountUse(hostTokens);
            }

            whole = Ceil(wanted);
            if (!_chunks && batch.ExtendCount > 0 && whole >= _remainingInput)
            {
                _tree.Unlock(node);
                return Admission.Other;
            }
        }

        if (!_chunks || whole <= _remainingChunk)
        {
            Hold(ref r, matched, node);
            AddExtend(batch, slot, wanted, true);
            Charge(wanted, Clip(r.MaxNewTokens));
            return State;
        }

        var chunk = Floor((int)Math.Max(_remainingChunk, 0) + matched) - matched;
        if (chunk <= 0)
        {
            _tree.Unlock(node);
            return Admission.Other;
        }

        Hold(ref r, matched, node);
        AddExtend(batch, slot, chunk, false);
        _newChunked = slot;
        Charge(chunk, 0);
        return State;
    }

    private static void Hold(ref FastSgLangRequest r, int matched, int node)
    {
        r.Node = node;
        r.Prefix = matched;
        r.Protected = matched;
        r.Committed = matched;
        r.Allocated = matched;
        r.Room = 0;
    }

    private void AddExtend(FastBatch batch, int slot, int tokens, bool completes)
    {
        ref var r = ref _slots[slot];
        batch.Add(slot, r.Prefix, r.Prefix + tokens, completes);
    }

    private void Charge(int extend, int maxNewTokens)
    {
        var whole = Ceil(extend);
        _totalOffset += whole + maxNewTokens + _pageSize;
        _currentOffset += whole + _pageSize;
        _remainingInput -= whole;
        _remainingChunk -= whole;
    }

    private void AllocateExtends(FastBatch batch)
    {
        var tokens = 0;
        for (var i = 0; i < batch.ExtendCount; i++)
        {
            tokens += batch[i].End - batch[i].Start;
        }

        MakeRoom(Pages(_pageSize == 1 ? tokens : tokens + batch.ExtendCount * _pageSize));
        for (var i = 0; i < batch.ExtendCount; i++)
        {
            ref var r = ref _slots[batch[i].Slot];
            r.Retracted = false;
            Allocate(ref r, batch[i].End);
        }
    }

    // The decoding requests join the prefill batch; they come back when it is merged.
    private bool MixIn(FastBatch batch)
    {
        if (_runningCount == 0)
        {
            return false;
        }

        DropFinished();
        AllocateDecodes(batch);
        var joined = _runningCount > 0;
        for (var i = 0; i < _runningCount; i++)
        {
            _slots[_running[i]].Running = false;
        }

        _runningCount = 0;
        return joined;
    }
}
