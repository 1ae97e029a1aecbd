namespace Foretoken.Engines.Vllm;

/// <summary>Speculative decoding settings.</summary>
public sealed record VllmSpeculation
{
    /// <summary>Drafting method; decides how many KV slots are reserved ahead (lookahead).</summary>
    public required VllmSpeculationMethod Method { get; init; }

    /// <summary>Draft tokens per step, vLLM's <c>num_speculative_tokens</c> (K).</summary>
    public required int NumSpeculativeTokens { get; init; }

    /// <summary>
    /// Probability that the first i drafts are all accepted, for i = 1 to K, non-increasing (vLLM's
    /// <c>synthetic_acceptance_rates</c>). Empty in trace replays, where the trace dictates what is accepted.
    /// </summary>
    public IReadOnlyList<double> AcceptanceRates { get; init; } = [];

    /// <summary>KV slots reserved ahead per request: K for EAGLE and draft models, none for ngram.</summary>
    public int LookaheadTokens => Method == VllmSpeculationMethod.Ngram ? 0 : NumSpeculativeTokens;

    /// <summary>Tokens that each scheduled request costs of the input budget besides its own: the one that a draft model computes first.</summary>
    public int DraftSlots => Method == VllmSpeculationMethod.DraftModel ? 1 : 0;
}
