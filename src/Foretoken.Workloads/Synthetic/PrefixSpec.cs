namespace Foretoken.Workloads.Synthetic;

/// <summary>Popularity of shared prefixes.</summary>
public enum Popularity
{
    /// <summary>The g-th group is chosen in proportion to 1/g^exponent.</summary>
    Zipf,

    /// <summary>All groups equally often.</summary>
    Uniform,
}

/// <summary>
/// Shared prefixes (system prompts, tool descriptions, few-shot examples): every request, or session, belongs to one group,
/// and all of a group begin with the same tokens. They come in front of <c>input_tokens</c> and add to the prompt's length.
/// </summary>
public sealed record PrefixSpec
{
    /// <summary>Number of groups, 1 to 10 million. Default 1.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Length of the shared prefix in tokens, at least 1. Required.</summary>
    public int Tokens { get; init; }

    /// <summary>Which groups are chosen how often. Default zipf.</summary>
    public Popularity Popularity { get; init; } = Popularity.Zipf;

    /// <summary>Exponent of zipf, 0 (uniform) to 10. Default 1. Ignored by uniform.</summary>
    public double Exponent { get; init; } = 1;
}
