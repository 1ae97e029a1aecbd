namespace Foretoken.Engines.TrtLlm;

/// <summary>Speculative decoding: drafts that every generating request has verified in every step.</summary>
public sealed record TrtLlmSpeculation
{
    /// <summary><c>max_draft_len</c> (<c>num_nextn_predict_layers</c> with MTP): drafts per step.</summary>
    public required int MaxDraftLen { get; init; }

    /// <summary>Probability that the first i drafts are all accepted, for i = 1 to <see cref="MaxDraftLen"/>, non-increasing.</summary>
    public required IReadOnlyList<double> AcceptanceRates { get; init; }
}
