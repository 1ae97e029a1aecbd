namespace Foretoken.Engines.Vllm.Plain;

/// <summary>What vLLM's Scheduler.update_from_output() does.</summary>
internal sealed partial class VllmScheduler
{
    /// <summary>Applies a step's result: <see cref="PlannedRequest.Generated"/> of every request is set.</summary>
    public void Update(StepPlan plan)
    {
        var anyFinished = false;
        foreach (ref var planned in plan.Requests)
        {
            var request = planned.Request;
            request.InFlight -= planned.Tokens;
            var stale = request.Stale > 0;
            if (stale)
            {
                request.Stale -= planned.Tokens;
            }

            // Ended while the step was in flight.
            if (request.Status == RequestStatus.Finished || planned.Generated == 0)
            {
                continue;
            }

            TakeBackRejected(request, planned, stale);

            var wasRunning = request.Status == RequestStatus.Running;
            planned.Delivered = Append(request, planned.Generated, out planned.Finished);
            if (_settings.AsyncScheduling)
            {
                if (!stale)
                {
                    request.Placeholders -= planned.Delivered;
                }

                // Also for a request that has just ended.
                if (wasRunning)
                {
                    _cache.Register(request, request.Computed - request.Placeholders);
                }
            }

            if (planned.Finished)
            {
                anyFinished = true;
                if (!wasRunning && !_waiting.Remove(request))
                {
                    _skipped.Remove(request);
                }

                Finish(request, keepsBlocks: request.HoldsKv);
            }
            else if (!_settings.AsyncScheduling)
            {
                // Sync: the proposer's drafts for the next step.
                request.Drafts = _drafts;
            }
        }

        if (anyFinished)
        {
            _running.RemoveAll(static request => request.Status == RequestStatus.Finished);
        }
    }

    // Drafts beyond the accepted ones never became content. A count from before a preemption no longer applies.
    private static void TakeBackRejected(EngineRequest request, in PlannedRequest planned, bool stale)
    {
        if (planned.Drafts == 0 || stale)
        {
            return;
        }

        var rejected = planned.Drafts - (planned.Generated - 1);
        if (request.Computed > 0)
        {
            request.Computed -= rejected;
        }

        if (request.Placeholders > 0)
        {
            request.Placeholders -= rejected;
        }
    }

    // One token at a time; those after the end are dropped.
    private int Append(EngineRequest request, int generated, out bool finished)
    {
        finished = false;
        var kept = 0;
        while (kept < generated && !finished)
        {
            kept++;
            request.Tokens++;
            finished = request.Tokens >= _settings.MaxModelLen || request.Generated >= request.MaxTokens;
        }

        return kept;
    }
}
