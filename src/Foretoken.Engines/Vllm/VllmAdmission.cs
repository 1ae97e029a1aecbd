using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Vllm;

/// <summary>
/// Which requests an engine can take at all. vLLM refuses prompts of <c>max_model_len</c> tokens and more, and does not
/// start when a longest sequence would not fit in its KV cache; here the second is checked per request, so that a small
/// cache can be studied: a request that could never end even with the engine to itself is refused on arrival.
/// </summary>
public static class VllmAdmission
{
    /// <summary>Answer tokens that the engine generates: the request's own, cut where the sequence reaches <c>max_model_len</c>.</summary>
    public static int AnswerTokens(VllmSettings settings, in RequestSpec request) =>
        Math.Min(request.OutputTokens, settings.MaxModelLen - request.InputTokens);

    /// <summary>Whether the engine accepts the request; otherwise it ends as rejected when it is submitted.</summary>
    public static bool Accepts(VllmSettings settings, in RequestSpec request)
    {
        if (request.InputTokens >= settings.MaxModelLen)
        {
            return false;
        }

        // The longest sequence that must ever be computed anew: all but the last token, after a late preemption.
        var longest = request.InputTokens + AnswerTokens(settings, request) - 1;
        if (!settings.EnableChunkedPrefill && FirstChunk(settings, longest) > settings.MaxNumBatchedTokens)
        {
            return false;
        }

        return BlocksNeeded(settings, longest) <= settings.UsableBlocks;
    }

    // The threshold is applied before the check that a prompt fits into one step.
    private static int FirstChunk(VllmSettings settings, int tokens) =>
        settings.LongPrefillTokenThreshold > 0 ? Math.Min(tokens, settings.LongPrefillTokenThreshold) : tokens;

    private static long BlocksNeeded(VllmSettings settings, int tokens)
    {
        var slots = Math.Min((long)tokens + (settings.Speculation?.LookaheadTokens ?? 0), settings.MaxModelLen);
        var whole = (slots + settings.BlockSize - 1) / settings.BlockSize;
        long blocks = 0;
        for (var g = 0; g < settings.KvCacheGroups.Count; g++)
        {
            blocks += settings.KvCacheGroups[g].SlidingWindow is { } window ? Math.Min(whole, WindowBlocks(settings, window)) : whole;
        }

        return blocks;
    }

    // Window plus what one step (two under async scheduling) computes, its lookahead, and one block for each end that may
    // lie inside a block.
    private static long WindowBlocks(VllmSettings settings, int window)
    {
        var inFlight = (long)settings.MaxNumBatchedTokens * (settings.AsyncScheduling ? 2 : 1);
        var tokens = window - 1 + inFlight + (settings.Speculation?.LookaheadTokens ?? 0);
        return (tokens + settings.BlockSize - 1) / settings.BlockSize + 1;
    }
}
