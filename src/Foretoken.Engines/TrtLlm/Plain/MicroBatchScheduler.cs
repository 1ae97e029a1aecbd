namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>Decides who computes how much in the next step (PyMicroBatchScheduler).</summary>
internal sealed class MicroBatchScheduler(TrtLlmSettings settings)
{
    private readonly List<TrtLlmRequest> _toChunk = [];

    /// <summary>Fills the two lists from the fitting requests, in their order; sets <see cref="TrtLlmRequest.Chunk"/>.</summary>
    public void Select(IReadOnlyList<TrtLlmRequest> fitting, List<TrtLlmRequest> contexts, List<TrtLlmRequest> generations)
    {
        contexts.Clear();
        generations.Clear();
        _toChunk.Clear();
        var tokens = 0;
        var toChunk = 0L;
        var allFit = true;
        var requests = 0;
        foreach (var request in fitting)
        {
            if (request.CompletesInFlight)
            {
                continue;
            }

            if (!request.IsContext)
            {
                if (tokens + 1 + settings.Drafts > settings.MaxNumTokens)
                {
                    break;
                }

                generations.Add(request);
                tokens += 1 + settings.Drafts;
            }
            else if (!settings.EnableChunkedPrefill)
            {
                request.Chunk = request.Remaining;
                var cost = Math.Max(1, Cost(request, request.Chunk));
                if (tokens + cost > settings.MaxNumTokens)
                {
                    break;
                }

                contexts.Add(request);
                tokens += cost;
            }
            else
            {
                request.Chunk = request.Remaining;
                var cost = Cost(request, request.Chunk);
                allFit &= cost <= settings.MaxNumTokens;
                _toChunk.Add(request);
                toChunk += Math.Min(cost, settings.MaxNumTokens);
            }

            if (++requests >= settings.MaxBatchSize)
            {
                break;
            }
        }

        allFit &= toChunk <= settings.MaxNumTokens - tokens;
        if (!allFit)
        {
            Cut(settings.MaxNumTokens - tokens);
        }

        // Prompts that go on after the step come before those that it completes, once any is cut.
        foreach (var request in _toChunk)
        {
            if (request.Chunk > 0 && (allFit || !request.ChunkIsLast))
            {
                contexts.Add(request);
            }
        }

        foreach (var request in _toChunk)
        {
            if (request.Chunk > 0 && !allFit && request.ChunkIsLast)
            {
                contexts.Add(request);
            }
        }
    }

    // Tokens that a chunk really computes: reuse moves the chunk to the right, it shortens only a last one.
    private static int Cost(TrtLlmRequest request, int chunk)
    {
        var reusable = request.IsFirstChunk ? Math.Min(request.Reusable, request.Remaining) : 0;
        return reusable == 0 || reusable + chunk < request.Remaining ? chunk : request.Remaining - reusable;
    }

    private void Cut(int capacity)
    {
        if (settings.ContextChunkingPolicy == TrtLlmChunkingPolicy.EqualProgress)
        {
            CutEqually(capacity);
        }
        else
        {
            CutInOrder(capacity);
        }
    }

    private void CutInOrder(int capacity)
    {
        foreach (var request in _toChunk)
        {
            var whole = request.Remaining;
            var chunk = Cost(request, whole) > capacity ? capacity : whole;
            if (Cost(request, chunk) > settings.MaxNumTokens)
            {
                chunk = Math.Min(settings.MaxNumTokens, whole);
            }

            request.Chunk = chunk < whole ? chunk / settings.TokensPerBlock * settings.TokensPerBlock : chunk;
            capacity -= Cost(request, request.Chunk);
        }
    }

    private void CutEqually(int capacity)
    {
        foreach (var request in _toChunk)
        {
            request.Chunk = 0;
        }

        var used = 0;
        var progress = true;
        while (used < capacity && progress)
        {
            progress = false;
            foreach (var request in _toChunk)
            {
                var before = request.Chunk;
                var chunk = Math.Min(before + settings.TokensPerBlock, request.Remaining);
                var more = Cost(request, chunk) - (before == 0 ? 0 : Cost(request, before));
                if (used + more > capacity || chunk > settings.MaxNumTokens)
                {
                    continue;
                }

                request.Chunk = chunk;
                used += more;
                progress |= chunk > before;
            }
        }
    }
}
