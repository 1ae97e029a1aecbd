using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>One step at a time: what happens when the batch changes. The order of everything is SGLang's.</summary>
public sealed partial class FastSgLangReplica
{
    private long _gap;
    private int _gapCount;

    private void PlanBatches()
    {
        var spins = 0;
        while (_flightCount < _depth)
        {
            var batch = PlanBatch();
            DeliverTakenOver(batch);
            NotePlanned();
            if (batch is not null)
            {
                batch.InFlight = true;
                _flight[_flightCount++] = batch;
                if (_flightCount == 1)
                {
                    Start(batch);
                }

                continue;
            }

            if (_flightCount > 0)
            {
                break;
            }

            if (_waiting.Count == 0 && _runningCount == 0 && _chunked == None)
            {
                _ratio.Reset();
            }

            if (Waiting == 0)
            {
                break;
            }

            // Who waits for others may wait in vain here.
            spins++;
            if ((WaitsForOthers && spins > 2) || spins > RequestsInFlight + 2)
            {
                Invariant.That(WaitsForOthers || NextArrival != SimTime.Never);
                break;
            }
        }

        _phase = _flightCount > 0 ? Phase.Flying : Phase.Idle;
        if (_phase == Phase.Idle && RequestsInFlight > 0 && NextArrival != SimTime.Never)
        {
            // Copies hold memory that somebody waits for.
            Invariant.That(NextArrival.Nanoseconds > _at);
            _phase = Phase.PlanDue;
            _at = NextArrival.Nanoseconds;
        }
    }

    private SimTime NextArrival => Waiting > 0 ? _tree.NextCopied : SimTime.Never;

    private FastBatch? PlanBatch()
    {
        if (_tree.HasHost)
        {
            _tree.CheckCopies(new SimTime(_at));
        }

        Receive();
        try
        {
            if (_chunked != None && _slots[_chunked].Committed > _slots[_chunked].Prefix)
            {
                CacheUnfinished(_chunked, _slots[_chunked].Committed, chunked: true);
            }

            Merge();
            TakeOver();
            var batch = PlanPrefill() ?? PlanDecode();
            TellReserved();
            for (var i = 0; batch is not null && i < batch.ExtendCount; i++)
            {
                NoteScheduled(batch[i]);
            }

            SetLast(batch);
            return batch;
        }
        catch (SgLangOutOfMemoryException e)
        {
            throw e.ForUser();
        }
    }

    private void NoteScheduled(in FastBatch.Extend entry)
    {
        ref var r = ref _slots[entry.Slot];
        if (r.Record.Scheduled == SimTime.Never)
        {
            r.Record.Scheduled = new SimTime(_at);
            r.Record.CachedTokens = entry.Start;
        }
    }

    private void Receive()
    {
        if (!_receive.Due(_last?.Mode))
        {
            return;
        }

        while (_arrived.Count > 0)
        {
            var slot = _arrived.PopFront();
            _handsOff |= _slots[slot].IsRemote || _slots[slot].HoldsKv;
            (_slots[slot].IsRemote ? _prealloc : _waiting).PushBack(slot);
            _unfinished++;
        }
    }

    private void NotePlanned()
    {
        _recorder.RunningPeak = Math.Max(_recorder.RunningPeak, Running);
        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, UsedPages);
        Mark(_at);
    }

    // The requests of the last prefill batch go on to decode, but for those that ended and those whose prompt goes on.
    private void Merge()
    {
        if (_last is null || _last.Mode == BatchMode.Decode)
        {
            return;
        }

        var members = _last.ExtendCount + _last.DecodeCount;
        var wasEmpty = _runningCount == 0;
        var before = _runningCount;
        for (var i = 0; i < members; i++)
        {
            if (Survives(_last.Member(i)))
            {
                AddRunning(_last.Member(i));
            }
        }

        // With nobody running, the prefill batch takes the running batch's place, and has never been full.
        if (_runningCount - before < members || wasEmpty)
        {
            _isFull = false;
        }
    }

    // A prefill server's requests do not decode: they wait for their KV to be sent.
    private bool Survives(int slot) => !_slots[slot].Finished && !_slots[slot].HoldsKv && slot != _chunked && slot != _last!.Chunked;

    private FastBatch? PlanDecode()
    {
        var before = _runningCount;
        if (before == 0)
        {
            return null;
        }

        DropFinished();
        if (_runningCount == 0)
        {
            _isFull = false;
            return null;
        }

        if (DecodeFits(_runningCount))
        {
            _ratio.Decay();
        }
        else
        {
            Retract();
        }

        _isFull &= _runningCount == before;
        var batch = NewBatch();
        batch.Mode = BatchMode.Decode;
        AllocateDecodes(batch);
        return batch;
    }

    private bool DecodeFits(int count)
    {
        var needed = PagesToDecode(count);
        MakeRoom(needed);
        return _freePages >= needed;
    }

    private int PagesToDecode(int count)
    {
        var needed = 0;
        for (var i = 0; i < count; i++)
        {
            ref var r = ref _slots[_running[i]];
            needed += _reserve > 0 ? Pages(Ahead(r)) - Pages(r.Allocated) : r.Room == 0 ? 1 : 0;
        }

        return needed;
    }

    // With drafts: each request gets its next token's slot and keeps slots for the drafts of two steps.
    private void AllocateDrafts(FastBatch batch)
    {
        MakeRoom(PagesToDecode(_runningCount) + (_pageSize == 1 ? 0 : _runningCount));
        batch.SetDecodes(_running.AsSpan(0, _runningCount), contexts: true);
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            var ahead = Ahead(r);
            Take(Pages(ahead) - Pages(r.Allocated));
            r.Allocated = ahead;
            r.Committed++;
            batch.Contexts[i] = r.Committed;
        }
    }

    // How many drafts of the step before were accepted is known when the batch starts.
    private void LearnContexts(FastBatch batch)
    {
        long context = 0;
        for (var i = 0; i < batch.DecodeCount; i++)
        {
            ref var r = ref _slots[batch.Decodes[i]];
            if (!r.Finished && !r.Retracted)
            {
                batch.Contexts[i] = r.Committed;
            }

            context += batch.Contexts[i];
        }

        batch.DecodeContext = context;
    }

    private void AllocateDecodes(FastBatch batch)
    {
        if (_drafts is not null)
        {
            AllocateDrafts(batch);
            return;
        }

        MakeRoom(_runningCount);
        var lengths = _stepTime.NeedsContextLengths;
        batch.SetDecodes(_running.AsSpan(0, _runningCount), lengths);
        long context = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            if (r.Room == 0)
            {
                if (_freePages == 0)
                {
                    throw new SgLangOutOfMemoryException(1, 0);
                }

                _freePages--;
                r.Room = _pageSize;
            }

            r.Room--;
            r.Committed++;
            context += r.Committed;
            if (lengths)
            {
                batch.Contexts[i] = r.Committed;
            }
        }

        batch.DecodeContext = context;
    }

    // Fewest generated tokens go first, then the longest prompt; at least one goes, and one stays. The batch is left in the
    // order of this choice.
    private void Retract()
    {
        SortForRetraction();
        var kept = _runningCount;
        while (kept > 1 && (kept == _runningCount || !DecodeFits(kept)))
        {
            kept--;
            var slot = _running[kept];
            Release(slot, insert: false);
            MakeRoom(Pages(kept * SgLangConstants.RetractDecodeSteps));
            _slots[slot].Retracted = true;
            _slots[slot].Record.Preemptions++;
            _recorder.Preemptions++;
        }

        if (kept == 1 && !DecodeFits(kept))
        {
            // The real engine ends this request with an error.
            throw new SgLangOutOfMemoryException(1, _freePages);
        }

        for (var i = _runningCount - 1; i >= kept; i--)
        {
            (_slots[_running[i]].IsRemote ? _offloaded : _waiting).PushBack(_running[i]);
            _slots[_running[i]].Running = false;
        }

        _runningCount = kept;
        long generated = 0;
        long declared = 0;
        for (var i = 0; i < kept; i++)
        {
            generated += _slots[_running[i]].Generated;
            declared += _slots[_running[i]].MaxNewTokens;
        }

        _ratio.Retracted(kept, generated, declared);
    }

    // A stable merge sort from pairs upwards: most generated tokens first, then the shortest prompt.
    private void SortForRetraction()
    {
        for (var width = 1; width < _runningCount; width *= 2)
        {
            for (var low = 0; low < _runningCount; low += 2 * width)
            {
                var middle = Math.Min(low + width, _runningCount);
                var high = Math.Min(low + 2 * width, _runningCount);
                var (left, right) = (low, middle);
                for (var i = low; i < high; i++)
                {
                    var takeLeft = right == high || (left < middle && !Before(_running[right], _running[left]));
                    _scratch[i] = takeLeft ? _running[left++] : _running[right++];
                }
            }

            (_running, _scratch) = (_scratch, _running);
        }
    }

    private bool Before(int a, int b)
    {
        ref var x = ref _slots[a];
        ref var y = ref _slots[b];
        return x.Generated != y.Generated ? x.Generated > y.Generated : x.Prompt < y.Prompt;
    }

    private void Start(FastBatch batch)
    {
        if (_prefills.Length < batch.ExtendCount)
        {
            Array.Resize(ref _prefills, batch.ExtendCount * 2);
        }

        for (var i = 0; i < batch.ExtendCount; i++)
        {
            ref readonly var extend = ref batch[i];
            _prefills[i] = new PrefillChunk(extend.End - extend.Start, extend.Start, extend.Emits);
            _recorder.PrefillTokens += extend.End - extend.Start;
        }

        if (_drafts is not null)
        {
            LearnContexts(batch);
        }

        var step = new StepBatch
        {
            Prefills = _prefills.AsSpan(0, batch.ExtendCount),
            DecodeRequests = batch.DecodeCount,
            DecodeContextTokens = batch.DecodeContext,
            DraftTokens = batch.DecodeCount * _draftTokens,
            DecodeContexts = _stepTime.NeedsContextLengths ? batch.Contexts : [],
        };
        var duration = Math.Max(1, SimDuration.FromMilliseconds(_stepTime.Milliseconds(step)).Nanoseconds);
        duration = Lengthen(batch, duration);
        _stepEnd = checked(_at + duration);
        _recorder.Steps++;
        _recorder.BusyNanoseconds += duration;
    }

    // Layer by layer: the last layer's KV must be there when the last layer is computed.
    private long Lengthen(FastBatch batch, long duration)
    {
        if (batch.LoadedAt <= _at)
        {
            return duration;
        }

        var layers = _settings.HiCache!.Layers;
        var longer = Math.Max(duration, batch.LoadedAt + ((duration + layers - 1) / layers) - _at);
        _recorder.Tiers!.StallTime += new SimDuration(longer - duration);
        return longer;
    }

    // The executing batch has ended: its tokens arrive, finished requests leave.
    private void FinishStep()
    {
        var batch = _flight[0]!;
        var now = _stepEnd;
        _at = now;
        _phase = Phase.PlanDue;
        _recorder.LastStepEnd = now;
        _recorder.Timeline.Hold(now);
        if (_tree.HasHost)
        {
            _tree.CheckCopies(new SimTime(now));
        }

        TellChunks(batch, now);
        var ended = Process(batch, now);
        _recorder.Timeline.Set(now, Running, Waiting, UsedPages);
        _flight[0] = _flight[1];
        _flight[1] = null;
        _flightCount--;
        if (_flightCount > 0)
        {
            Start(_flight[0]!);
        }

        for (var i = 0; i < ended; i++)
        {
            End(_ended[i], RequestOutcome.Completed, new SimTime(now));
        }

        _recorder.Kv?.Publish(new SimTime(now));
        batch.InFlight = false;
        _stepsFinished++;
        if (_leavingCount > 0)
        {
            FreeSlots();
        }
    }

    private int Process(FastBatch batch, long now)
    {
        var members = batch.ExtendCount + batch.DecodeCount;
        if (_ended.Length < members)
        {
            Array.Resize(ref _ended, members * 2);
        }

        var ended = 0;
        var emitted = 0;
        for (var i = 0; i < batch.ExtendCount; i++)
        {
            ref readonly var extend = ref batch[i];
            ref var r = ref _slots[extend.Slot];
            if (!extend.Emits || r.Finished || r.Retracted)
            {
                continue;
            }

            emitted += r.Aborted ? 0 : 1;
            if (!Deliver(ref r, now))
            {
                CacheUnfinished(extend.Slot, extend.End);
            }
            else if (r is { HoldsKv: true, Aborted: false })
            {
                _ended[ended++] = extend.Slot;
                KeepForOthers(extend.Slot, extend.End);
            }
            else
            {
                EndGeneration(extend.Slot, ref ended);
            }
        }

        if (batch.Mode == BatchMode.Decode)
        {
            _drafts?.BeginBatch();
        }

        foreach (var slot in batch.Decodes)
        {
            ref var r = ref _slots[slot];
            if (r.Finished || r.Retracted)
            {
                continue;
            }

            emitted += r.Aborted ? 0 : 1;
            if (_drafts is not null && !r.Aborted)
            {
                emitted += DeliverDrafts(ref r, now);
            }

            if (Deliver(ref r, now))
            {
                EndGeneration(slot, ref ended);
            }
        }

        CountGaps();
        _tokensInFlight += emitted;
        _recorder.OutputTokens += emitted;
        _recorder.Timeline.CountTokens(emitted);
        return ended;
    }

    // Under overlap the next batch may have advanced it already: then its last token has a slot and is kept too.
    private void EndGeneration(int slot, ref int ended)
    {
        if (!_slots[slot].Aborted)
        {
            _ended[ended++] = slot;
        }

        Finish(slot);
        _unfinished--;
        Release(slot, insert: true);
    }

    // The bonus token comes after them. What goes past the answer's end is thrown away.
    private int DeliverDrafts(ref FastSgLangRequest r, long now)
    {
        var accepted = _drafts!.Accepted(ref r.Draws);
        r.Committed += accepted;
        var kept = Math.Min(accepted, r.MaxNewTokens - r.Generated - 1);
        for (var i = 0; i < kept; i++)
        {
            Deliver(ref r, now);
        }

        return kept;
    }

    // True when it was the last token, or nobody wants it any more.
    private bool Deliver(ref FastSgLangRequest r, long now)
    {
        if (r.Aborted)
        {
            return true;
        }

        r.Generated++;
        if (r.Generated == 1)
        {
            r.Record.FirstToken = new SimTime(now);
            _recorder.Events.FirstToken(_recorder.Worker, r.Record.Index, r.Record.FirstToken);
        }
        else
        {
            if (r.Generated == 2)
            {
                r.Record.SecondToken = new SimTime(now);
            }

            // Neighbours mostly got their last token together.
            var gap = now - r.LastTokenAt;
            if (gap != _gap)
            {
                CountGaps();
                _gap = gap;
            }

            _gapCount++;
        }

        r.LastTokenAt = now;
        return r.Generated >= r.MaxNewTokens;
    }

    private void CountGaps()
    {
        if (_gapCount > 0)
        {
            _recorder.TokenGaps.Add(_gap, _gapCount);
            _gapCount = 0;
        }
    }
}
