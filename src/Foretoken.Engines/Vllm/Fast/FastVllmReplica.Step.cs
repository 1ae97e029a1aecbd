using Foretoken.Engines.Replicas;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>One step at a time: what happens when the batch changes. The order of everything is vLLM's.</summary>
public sealed partial class FastVllmReplica
{
    // Asynchronous scheduling keeps two steps planned ahead, synchronous one. A plan that comes out empty because its only
    // request had to be preempted is followed by another at once when nothing is in flight, as the engine's loop spins.
    private void PlanSteps()
    {
        while (_flightCount < _depth && RequestsInFlight > 0)
        {
            var preemptions = _recorder.Preemptions;
            if (!PlanStep() && (_recorder.Preemptions == preemptions || _flightCount > 0))
            {
                break;
            }
        }

        _phase = _flightCount > 0 ? Phase.Flying : Phase.Idle;
    }

    private bool PlanStep()
    {
        var step = _flight[_flightCount];
        step.Clear();
        var budget = _budget;
        if (PlanRunning(step, ref budget))
        {
            PlanWaiting(step, ref budget);
        }

        if (_runningCount > _recorder.RunningPeak)
        {
            _recorder.RunningPeak = _runningCount;
        }

        if (_cache.Used > _recorder.KvBlocksPeak)
        {
            _recorder.KvBlocksPeak = _cache.Used;
        }

        Mark(_at);
        if (step.Count == 0)
        {
            return false;
        }

        TimeStep(step);
        var start = _flightCount == 0 ? _at : _flight[0].End;
        step.End = start + step.Duration;
        _flightCount++;
        return true;
    }

    // Running requests in order; false when one was preempted, so that nothing new is admitted in this step.
    private bool PlanRunning(PlannedStep step, ref int budget)
    {
        var preempted = false;
        for (var i = 0; i < _runningCount && budget > 0; i++)
        {
            var slot = _running[i];
            ref var r = ref _slots[slot];
            if (r.Placeholders > 0 && r.Computed + 2 - r.Placeholders >= r.InputTokens + r.MaxTokens)
            {
                continue; // what is in flight already completes it
            }

            var n = r.Tokens + r.Placeholders - r.Computed;
            if (_threshold > 0 && _threshold < n)
            {
                n = _threshold;
            }

            n = Math.Min(Math.Min(n, budget), _maxModelLen - r.Computed - 1);
            if (n <= 0)
            {
                continue;
            }

            // Mostly the blocks it has suffice; a division for each member of each step would be felt.
            var end = Math.Min(r.Computed + n, _maxModelLen);
            if (end > r.Owned * _blockSize)
            {
                var need = Blocks(end) - r.Owned;
                while (need > _cache.Free)
                {
                    preempted = true;
                    var victim = _running[--_runningCount];
                    Preempt(victim);
                    if (victim == slot)
                    {
                        return false;
                    }
                }

                _cache.Allocate(need);
                r.Owned += need;
            }

            RegisterUpTo(slot, ref r, Math.Min(r.Computed + n, r.Tokens));
            budget -= n;
            step.Add(slot, n);
        }

        return !preempted;
    }

    private void Preempt(int slot)
    {
        ref var r = ref _slots[slot];
        _cache.Release(_holds[slot], r.Owned - r.Registered);
        r.Owned = 0;
        r.Registered = 0;
        r.Running = false;
        r.Computed = 0;
        r.Placeholders = 0;
        r.Stale = r.InFlight;
        r.Record.Preemptions++;
        _recorder.Preemptions++;
        _waiting.PushFront(slot);
    }

    private void PlanWaiting(PlannedStep step, ref int budget)
    {
        while (WaitingCount > 0 && budget > 0 && _runningCount < _maxSeqs)
        {
            var queue = _skipped.Count > 0 ? _skipped : _waiting;
            var slot = queue[0];
            ref var r = ref _slots[slot];
            if (r.Stale > 0 || r.AwaitsKv)
            {
                _putAside.PushBack(queue.PopFront()); // its last output before the preemption is still on the way, or KV
                continue;
            }

            if (r.WantsRemoteKv)
            {
                if (!TryReserve(slot, ref r))
                {
                    break;
                }

                _putAside.PushBack(queue.PopFront());
                continue;
            }

            if (r.KvHasArrived)
            {
                TakeOver(slot, ref r);
            }

            if (!TryAdmit(slot, ref r, budget, out var n))
            {
                break;
            }

            queue.PopFront();
            AddRunning(slot);
            r.Running = true;
            budget -= n;
            step.Add(slot, n);
        }

        while (_putAside.Count > 0)
        {
            _skipped.PushFront(_putAside.PopBack());
        }
    }

    // How many tokens of a waiting request would be computed now; 0 if it may not start (chunking off).
    private int FirstChunk(in FastRequest r, int cached, int budget)
    {
        var n = r.Tokens - cached;
        if (_threshold > 0 && _threshold < n)
        {
            n = _threshold;
        }

        return !_chunked && n > budget ? 0 : Math.Min(n, budget);
    }

    private bool Fits(in FastRequest r, int cachedBlocks, int freeHits, int n)
    {
        var watermark = _runningCount > 0 ? _watermarkBlocks : 0;
        var free = _cache.Free;
        if (_reserveFull && Blocks(Math.Min(r.Tokens, _maxModelLen)) - cachedBlocks + freeHits + watermark > free)
        {
            return false;
        }

        var need = Math.Max(0, Blocks(Math.Min(cachedBlocks * _blockSize + n, _maxModelLen)) - cachedBlocks) + freeHits;
        return need + watermark <= free;
    }

    private bool TryAdmit(int slot, ref FastRequest r, int budget, out int n)
    {
        if (r.Owned > 0)
        {
            return TryAdmitTakenOver(slot, ref r, budget, out n);
        }

        _hits.Clear();
        var hit = _caching
            ? _cache.Lookup(r.Path.Span, r.KnownBlocks, slot, (r.Tokens - 1) / _blockSize, _hits)
            : default;
        var cached = hit.Blocks * _blockSize;
        n = FirstChunk(r, cached, budget);
        if (n == 0 || !Fits(r, hit.Blocks, hit.FreeBlocks, n))
        {
            return false;
        }

        TakeHits(slot);
        var blocks = Math.Max(hit.Blocks, Blocks(Math.Min(cached + n, _maxModelLen)));
        _cache.Allocate(blocks - hit.Blocks);
        r.Owned = blocks;
        r.Registered = hit.Blocks;
        r.Computed = cached;
        r.PrefillTarget = r.Tokens;
        RegisterUpTo(slot, ref r, Math.Min(cached + n, r.Tokens));
        if (r.Record.Scheduled == SimTime.Never)
        {
            r.Record.Scheduled = new SimTime(_at);
            r.Record.CachedTokens = cached;
        }

        return true;
    }

    private void TakeHits(int slot)
    {
        _cache.Touch(_hits);
        var holds = _holds[slot];
        for (var i = 0; i < _hits.Count; i++)
        {
            holds.Add(_hits[i].Piece, _hits[i].Low, _hits[i].High);
        }
    }

    private void RegisterUpTo(int slot, ref FastRequest r, int tokens)
    {
        if (_caching && tokens >= (r.Registered + 1) * _blockSize)
        {
            Register(slot, ref r, tokens / _blockSize);
        }
    }

    private void Register(int slot, ref FastRequest r, int full)
    {
        _cache.Register(_holds[slot], r.Path.Span, r.KnownBlocks, slot, r.Registered, full);
        r.Registered = full;
    }

    // Works out the step's duration and moves its members on, as vLLM does right after planning.
    private void TimeStep(PlannedStep step)
    {
        var chunkCount = 0;
        var decodes = 0;
        long context = 0;
        if (_chunks.Length < step.Count)
        {
            Array.Resize(ref _chunks, Math.Max(step.Count, _chunks.Length * 2));
        }

        var lengths = !_canRun;
        if (lengths && _contexts.Length < step.Count)
        {
            Array.Resize(ref _contexts, Math.Max(step.Count, _contexts.Length * 2));
        }

        for (var i = 0; i < step.Count; i++)
        {
            ref var r = ref _slots[step.Slot(i)];
            var n = step.Tokens(i);
            var before = r.Computed;
            r.Computed += n;
            r.InFlight += n;
            var emits = r.Computed >= r.Tokens + r.Placeholders;
            step.Emits(i) = emits;
            if (_async && emits)
            {
                r.Placeholders++;
            }

            if (before < r.PrefillTarget)
            {
                _chunks[chunkCount++] = new PrefillChunk(n, before, emits);
                _recorder.PrefillTokens += n;
                step.PureDecode = false;
            }
            else
            {
                if (lengths)
                {
                    _contexts[decodes] = r.Computed;
                }

                decodes++;
                context += r.Computed;
            }
        }

        var batch = new StepBatch
        {
            Prefills = _chunks.AsSpan(0, chunkCount),
            DecodeRequests = decodes,
            DecodeContextTokens = context,
            DecodeContexts = lengths ? _contexts.AsSpan(0, decodes) : default,
        };
        step.Duration = Math.Max(1, SimDuration.FromMilliseconds(_stepTime.Milliseconds(batch)).Nanoseconds);
    }

    // The executing step has ended: its tokens arrive, finished requests leave.
    private void FinishStep()
    {
        var step = _flight[0];
        var now = step.End;
        _at = now;
        _phase = Phase.PlanDue;
        _recorder.Steps++;
        _recorder.BusyNanoseconds += step.Duration;
        _recorder.LastStepEnd = now;
        _recorder.Timeline.Hold(now);
        var left = false;
        var before = _recorder.OutputTokens;
        for (var i = 0; i < step.Count; i++)
        {
            left |= Deliver(step.Slot(i), step.Tokens(i), step.Emits(i), now);
        }

        FlushGaps();
        _recorder.Timeline.CountTokens(_recorder.OutputTokens - before);
        if (left)
        {
            var kept = 0;
            for (var i = 0; i < _runningCount; i++)
            {
                if (_slots[_running[i]].Running)
                {
                    _running[kept++] = _running[i];
                }
            }

            _runningCount = kept;
            for (var i = 0; i < step.Count; i++)
            {
                FreeIfDone(step.Slot(i));
            }
        }

        (_flight[0], _flight[1]) = (_flight[1], step);
        _flightCount--;
        _events?.Publish(new SimTime(now));
        Mark(now);
    }

    private void FreeIfDone(int slot)
    {
        ref var r = ref _slots[slot];
        if (r.Ended && r.InFlight == 0 && r.MaxTokens > 0 && !r.HoldsKv)
        {
            FreeSlot(slot);
        }
    }

    // Gives one member its token; true when a request left the running list or ended.
    private bool Deliver(int slot, int tokens, bool emits, long now)
    {
        ref var r = ref _slots[slot];
        r.InFlight -= tokens;
        if (r.Ended)
        {
            return true;
        }

        var stale = r.Stale > 0;
        if (stale)
        {
            r.Stale -= tokens;
        }

        if (!emits)
        {
            return false;
        }

        r.Tokens++;
        _tokensInFlight++;
        _recorder.OutputTokens++;
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

            NoteGap(now - r.LastTokenAt);
        }

        r.LastTokenAt = now;
        r.Record.LastToken = new SimTime(now);
        if (_async && !stale)
        {
            r.Placeholders--;
            if (r.Running)
            {
                RegisterUpTo(slot, ref r, r.Computed - r.Placeholders);
            }
        }

        if (r.Generated < r.MaxTokens)
        {
            return false;
        }

        if (!r.Running && !_waiting.Remove(slot))
        {
            _skipped.Remove(slot);
        }

        EndAtStep(slot, ref r, now);
        return true;
    }

    // Nearly all members of a step have waited for their tokens equally long.
    private void NoteGap(long gap)
    {
        if (gap != _gap)
        {
            FlushGaps();
            _gap = gap;
        }

        _gapCount++;
    }

    private void FlushGaps()
    {
        if (_gapCount > 0)
        {
            _recorder.TokenGaps.Add(_gap, _gapCount);
            (_gap, _gapCount) = (0, 0);
        }
    }

    private void EndAtStep(int slot, ref FastRequest r, long now)
    {
        var held = r.InFlight;
        r.InFlight = held + 1; // keeps the slot until the step is through
        End(slot, r.Cut ? RequestOutcome.Truncated : RequestOutcome.Completed, now);
        r.InFlight = held;
    }
}
