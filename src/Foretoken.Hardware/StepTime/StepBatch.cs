namespace Foretoken.Hardware.StepTime;

/// <summary>One forward pass, exactly: who computes how many tokens on how much context.</summary>
public readonly ref struct StepBatch
{
    /// <summary>Requests that compute prompt tokens in this step.</summary>
    public ReadOnlySpan<PrefillChunk> Prefills { get; init; }

    /// <summary>Requests that decode: one new token each (plus <see cref="DraftTokens"/> in all).</summary>
    public int DecodeRequests { get; init; }

    /// <summary>Sum over the decoding requests of all their tokens including the one that is computed in this step.</summary>
    public long DecodeContextTokens { get; init; }

    /// <summary>Draft tokens that are verified in this step, over all decoding requests.</summary>
    public int DraftTokens { get; init; }

    /// <summary>
    /// The summands of <see cref="DecodeContextTokens"/>, in running order. Filled only for a source whose
    /// <see cref="IStepTimeSource.NeedsContextLengths"/> is true.
    /// </summary>
    public ReadOnlySpan<int> DecodeContexts { get; init; }

    /// <summary>
    /// Tokens that all ranks of an attention-data-parallel group compute in this step, padding left out; 0 where every rank
    /// is taken to compute as many as this one.
    /// </summary>
    public int GroupTokens { get; init; }
}
