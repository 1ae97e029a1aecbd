using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>What vLLM's Scheduler.schedule() does: first the running requests (steps A1 to A6), then the waiting ones (B1 to B6).</summary>
internal sealed partial class VllmScheduler
{
    private int _budget;

    // What the model's input has room for: the budget less the draft slots of the requests that were scheduled.
    private int _input;

    // Whether a request scheduled in part A was still prefilling after the step before.
    private bool _prefillScheduled;

    /// <summary>Decides the next step. The plan may be empty, and may have preempted requests all the same.</summary>
    public void Schedule(StepPlan plan)
    {
        plan.Clear();
        _budget = _settings.MaxNumBatchedTokens;
        _input = _budget;
        _prefillScheduled = false;

        ScheduleRunning(plan);
        if (plan.Preempted.Count == 0)
        {
            ScheduleWaiting(plan);
        }

        Invariant.That(_budget >= 0);
        Invariant.That(_running.Count <= _settings.MaxNumSeqs);
        AdvanceScheduled(plan);
        if (_offloader is not null)
        {
            PlanStores(plan);
        }

        plan.FinishedBefore.AddRange(_finished);
        _finished.Clear();
    }

    // Tokens that one more request may compute.
    private int Room => Math.Min(_budget, _input - _draftSlots);

    private void Take(int tokens) => Take(tokens, _draftSlots);

    private void Take(int tokens, int slots)
    {
        _budget -= tokens;
        _input -= tokens + slots;
    }

    // A: the running requests, in order.
    private void ScheduleRunning(StepPlan plan)
    {
        for (var i = 0; i < _running.Count && _budget > 0 && _input > _draftSlots; i++)
        {
            var request = _running[i];

            // A1. Async: the steps in flight end it, even if all their drafts are rejected.
            if (request.Placeholders > 0
                && request.Computed + 2 - request.Placeholders >= request.PromptTokens + request.MaxTokens)
            {
                continue;
            }

            // A3, A4.
            var tokens = request.Tokens + request.Drafts + request.Placeholders - request.Computed;
            tokens = ClipToThreshold(tokens);
            tokens = Math.Min(tokens, Math.Min(Room, _settings.MaxModelLen - request.Computed - 1));
            if (tokens <= 0)
            {
                continue;
            }

            // A5.
            if (!TryExtendOrPreempt(plan, request, tokens, ref i))
            {
                break;
            }

            // A6.
            var drafts = 0;
            if (request.Drafts > 0)
            {
                drafts = Math.Max(0, tokens + request.Computed - request.Tokens - request.Placeholders);
                request.Drafts = 0;
            }

            _prefillScheduled |= request.IsPrefillChunk;
            Take(tokens);
            plan.Add(new PlannedRequest { Request = request, Tokens = tokens, ComputedBefore = request.Computed, Drafts = drafts });
        }
    }

    // A5: preempts until the request fits, or until it is preempted itself.
    private bool TryExtendOrPreempt(StepPlan plan, EngineRequest request, int tokens, ref int position)
    {
        while (!_cache.TryExtend(request, tokens, _lookahead))
        {
            var victim = ChooseVictim();
            _running.Remove(victim);
            var planned = plan.IndexOf(victim);
            if (planned >= 0)
            {
                Take(-plan.Requests[planned].Tokens, -_draftSlots);
                plan.RemoveAt(planned);
                position--;
            }

            Preempt(victim);
            plan.Preempted.Add(victim);
            if (victim == request)
            {
                return false;
            }
        }

        return true;
    }

    private EngineRequest ChooseVictim()
    {
        if (_settings.SchedulingPolicy == VllmSchedulingPolicy.Fcfs)
        {
            return _running[^1];
        }

        var victim = _running[0];
        foreach (var request in _running)
        {
            if (Urgency.CompareClass(request, victim) > 0)
            {
                victim = request;
            }
        }

        return victim;
    }

    private void Preempt(EngineRequest request)
    {
        _cache.Free(request);
        request.Status = RequestStatus.Preempted;
        request.Computed = 0;
        request.Drafts = 0;
        request.Placeholders = 0;
        request.Stale = request.InFlight;
        request.Preemptions++;
        _waiting.PutBack(request);
    }

    // B: the waiting requests, unless something was preempted.
    private void ScheduleWaiting(StepPlan plan)
    {
        var runningScheduled = plan.Count > 0;
        while (_waiting.Count + _skipped.Count > 0 && _budget > 0 && _input > _draftSlots && _running.Count < _settings.MaxNumSeqs)
        {
            var queue = ChooseQueue();
            var request = queue.Peek();

            // B2. Output of steps before its preemption is still to come, or KV from elsewhere.
            if (request.Stale > 0 || (request.Status == RequestStatus.WaitingForRemoteKv && !request.KvHasArrived))
            {
                _aside.Add(queue.Pop());
                continue;
            }

            if (request.Status == RequestStatus.WaitingForRemoteKv)
            {
                TakeOver(request);
            }

            // B3. What was taken over is used as it is: only then has a waiting request blocks.
            var takenOver = request.Tables[0].Blocks.Count > 0;
            var computed = takenOver ? _cache.NoHit(request) : _cache.FindHit(request);
            if (request.WantsRemoteKv)
            {
                if (!_cache.TryReserve(request, computed, othersRunning: _running.Count > 0, ReservedBlocks()))
                {
                    break;
                }

                queue.Pop();
                _aside.Add(request);
                AwaitRemoteKv(request, computed);
                plan.Reserved.Add(request);
                continue;
            }

            if (_offloader is not null && !takenOver)
            {
                var external = TryLoad(request, computed);
                if (external == ExternalHit.NoRoom)
                {
                    break;
                }

                if (external is ExternalHit.Later or ExternalHit.Loads)
                {
                    _aside.Add(queue.Pop());
                    continue;
                }

                takenOver = external == ExternalHit.OnlyBlocks;
            }

            // B4. A single token among pure decodes is padded with drafts to keep the batch uniform.
            var tokens = request.Tokens - computed;
            var drafts = 0;
            if (_drafts > 0 && tokens == 1 && runningScheduled && !_prefillScheduled)
            {
                drafts = _drafts;
                tokens += drafts;
                if (tokens > Room || computed + tokens > _settings.MaxModelLen)
                {
                    break;
                }
            }

            tokens = ClipToThreshold(tokens);
            if (!_settings.EnableChunkedPrefill && tokens > Room)
            {
                break;
            }

            tokens = Math.Min(tokens, Room);

            // B5. Waiting requests never preempt, and never overtake.
            if (!_cache.TryAdmit(request, tokens, computed, _lookahead, othersRunning: _running.Count > 0))
            {
                break;
            }

            // B6.
            queue.Pop();
            _running.Add(request);
            request.Status = RequestStatus.Running;
            request.Computed = computed;
            request.PrefillTarget = takenOver && !request.LoadsKv ? computed : request.Tokens;
            request.LoadsKv = false;
            if (request.FirstHit < 0)
            {
                request.FirstHit = computed;
            }

            Take(tokens);
            plan.Add(new PlannedRequest { Request = request, Tokens = tokens, ComputedBefore = computed, Drafts = drafts, Padded = drafts > 0 });
        }

        // What was put aside goes to the front of the skipped queue, in its order.
        for (var i = _aside.Count - 1; i >= 0; i--)
        {
            _skipped.PutBack(_aside[i]);
        }

        _aside.Clear();
    }

    // B1. Under FCFS the skipped queue goes first, under PRIORITY the more urgent of both heads.
    private WaitingQueue ChooseQueue()
    {
        if (_skipped.Count == 0 || _waiting.Count == 0)
        {
            return _skipped.Count == 0 ? _waiting : _skipped;
        }

        return _settings.SchedulingPolicy == VllmSchedulingPolicy.Priority && Urgency.Order.Compare(_waiting.Peek(), _skipped.Peek()) < 0
            ? _waiting
            : _skipped;
    }

    // C: after the plan, as if it had been computed.
    private void AdvanceScheduled(StepPlan plan)
    {
        foreach (ref var planned in plan.Requests)
        {
            var request = planned.Request;
            request.Computed += planned.Tokens;
            request.InFlight += planned.Tokens;
            request.IsPrefillChunk = request.Computed < request.Tokens + request.Placeholders;
            planned.Emits = !request.IsPrefillChunk;
            planned.IsPrefill = planned.ComputedBefore < request.PrefillTarget;
            if (_settings.AsyncScheduling && planned.Emits)
            {
                request.Placeholders += 1 + planned.Drafts;
                request.Drafts = _drafts;
            }
        }
    }

    private int ClipToThreshold(int tokens)
    {
        var threshold = _settings.LongPrefillTokenThreshold;
        return threshold > 0 && tokens > threshold ? threshold : tokens;
    }
}
