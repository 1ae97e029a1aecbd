using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;

namespace Foretoken.Twin.Scaling;

/// <summary>What an engine tells a scaler of its limits.</summary>
/// <param name="PassTokens">Most tokens of a forward pass; 0 for no limit.</param>
/// <param name="PassRequests">Most requests of a forward pass.</param>
/// <param name="ContextTokens">Longest sequence.</param>
internal readonly record struct EngineLimits(int PassTokens, int PassRequests, long ContextTokens)
{
    /// <summary>The limits of an engine.</summary>
    public static EngineLimits Of(EngineSettings settings) => settings switch
    {
        VllmSettings vllm => new(vllm.MaxNumBatchedTokens, vllm.MaxNumSeqs, vllm.MaxModelLen),
        SgLangSettings sglang => new(sglang.ChunkedPrefillSize ?? sglang.LongestPrompt, sglang.MaxRunningRequests, sglang.ContextLength ?? sglang.KvPoolTokens),
        TrtLlmSettings trt => new(trt.MaxNumTokens, trt.MaxBatchSize, trt.MaxSeqLen),
        _ => new(0, 0, settings.LongestPrompt),
    };
}
