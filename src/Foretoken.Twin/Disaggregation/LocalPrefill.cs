namespace Foretoken.Twin.Disaggregation;

/// <summary>
/// Conditional disaggregation: requests that the decode side computes alone, as if there were no prefill side. A request stays
/// when one of the two conditions holds.
/// </summary>
public sealed record LocalPrefill
{
    /// <summary>
    /// Prompts with at most so many tokens that the chosen decode replica has not seen before (Dynamo's
    /// <c>max_local_prefill_length</c>; llm-d's threshold of uncached tokens, which is one lower).
    /// </summary>
    public int MostUncachedTokens { get; init; }

    /// <summary>Requests that wait at the prefill side beside those it works on: with as many, all stay (Dynamo's <c>max_prefill_queue_size</c>). Null: no such limit.</summary>
    public int? PrefillQueueMost { get; init; }
}
