using Foretoken.Engines.Replicas;

namespace Foretoken.Engines.Vllm.Fast;

/// <content>A second replica in the same state. A test compares every field, so that a new one cannot be forgotten here.</content>
public sealed partial class FastVllmReplica : ICopyableReplica
{
    /// <inheritdoc />
    public IReplica Copy(ReplicaRecorder recorder)
    {
        var copy = new FastVllmReplica(_settings, _stepTime, recorder, _tree)
        {
            RequestsInFlight = RequestsInFlight,
        };
        copy._nodes.Refresh();
        copy._cache.CopyFrom(_cache);
        for (var i = 0; i < _flight.Length; i++)
        {
            copy._flight[i].CopyFrom(_flight[i]);
        }

        copy._waiting.CopyFrom(_waiting);
        copy._skipped.CopyFrom(_skipped);
        copy._putAside.CopyFrom(_putAside);
        copy._hits.CopyFrom(_hits);
        copy._slots = (FastRequest[])_slots.Clone();
        copy._holds = new HoldList[_holds.Length];
        for (var i = 0; i < _slotsUsed; i++)
        {
            copy._holds[i] = new HoldList();
            copy._holds[i].CopyFrom(_holds[i]);
        }

        copy._freeSlots = (int[])_freeSlots.Clone();
        (copy._freeSlotCount, copy._slotsUsed) = (_freeSlotCount, _slotsUsed);
        copy._running = (int[])_running.Clone();
        copy._runningCount = _runningCount;
        copy._chunks = (Hardware.StepTime.PrefillChunk[])_chunks.Clone();
        copy._contexts = (int[])_contexts.Clone();
        (copy._flightCount, copy._phase, copy._at, copy._tokensInFlight) = (_flightCount, _phase, _at, _tokensInFlight);
        foreach (var (request, slot) in _parts)
        {
            copy._parts.Add(request, slot);
        }

        copy._awaiting = _awaiting;
        CopyRun(copy);
        return copy;
    }

    /// <inheritdoc />
    public void GuessAnswers(Func<int, int, int> guess)
    {
        LeaveRun();
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref var r = ref _slots[slot];
            if (r.MaxTokens > 0 && !r.Ended)
            {
                // Two more: what is in flight without a result must not be its last token already.
                var least = Math.Min(r.MaxTokens, r.Generated + 2);
                r.MaxTokens = Math.Max(least, Math.Min(guess(r.Record.Index, r.Generated), _maxModelLen - r.InputTokens));
            }
        }
    }

    private void CopyRun(FastVllmReplica copy)
    {
        _durations.CopyTo(copy._durations, 0);
        _ends.CopyTo(copy._ends, 0);
        _blocksAt.CopyTo(copy._blocksAt, 0);
        copy._nodeSeen = (int[])_nodeSeen.Clone();
        copy._seenStamp = _seenStamp;
        (copy._inRun, copy._runBroken, copy._runPlans, copy._runEndsDone, copy._runLength) = (_inRun, _runBroken, _runPlans, _runEndsDone, _runLength);
        (copy._runUsed, copy._runBlocks, copy._runContext, copy._runLast, copy._runFirstEnd) = (_runUsed, _runBlocks, _runContext, _runLast, _runFirstEnd);
        (copy._stretchStart, copy._stretchCount, copy._stretchBlocks, copy._stretchBucket) = (_stretchStart, _stretchCount, _stretchBlocks, _stretchBucket);
        (copy._stretchShortest, copy._stretchLongest) = (_stretchShortest, _stretchLongest);
    }
}
