using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm;

/// <summary>
/// Which requests an engine can take at all. TensorRT-LLM refuses prompts that reach <c>max_seq_len</c> and, without chunked
/// prefill, those longer than a step; a request that could never end even with the engine to itself, which would make the
/// real one hang or fail, is refused as well.
/// </summary>
public static class TrtLlmAdmission
{
    /// <summary>Answer tokens that the engine generates: the request's own, cut where the sequence reaches <c>max_seq_len</c>.</summary>
    public static int AnswerTokens(TrtLlmSettings settings, in RequestSpec request) =>
        Math.Min(request.OutputTokens, settings.MaxSeqLen - request.InputTokens);

    /// <summary>Whether the engine accepts the request; otherwise it ends as rejected when it is submitted.</summary>
    public static bool Accepts(TrtLlmSettings settings, in RequestSpec request)
    {
        if (request.InputTokens >= settings.MaxSeqLen)
        {
            return false;
        }

        var all = (long)request.InputTokens + AnswerTokens(settings, request);

        // A request that lost its memory late computes all but its last token anew.
        var longest = settings.CapacitySchedulerPolicy == TrtLlmCapacityPolicy.MaxUtilization ? all - 1 : request.InputTokens;
        if (!settings.EnableChunkedPrefill && longest > settings.MaxNumTokens)
        {
            return false;
        }

        var tokens = settings.TokensPerBlock;
        return (all + settings.DraftSlots + tokens - 1) / tokens <= settings.NumKvBlocks;
    }
}
