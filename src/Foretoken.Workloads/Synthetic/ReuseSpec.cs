namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// Prefix reuse described from the outside, as it can be measured in a trace without session ids: a share of the requests
/// begins with the first tokens of an earlier prompt. Lengths and arrival times are not touched by it (unlike sessions, whose
/// turns wait for each other). Open loop only.
/// </summary>
public sealed record ReuseSpec
{
    /// <summary>Tokens with which every prompt of the workload begins. Whole blocks of them are shared. At least 0, default 0.</summary>
    public int CommonTokens { get; init; }

    /// <summary>Share of the requests long enough for it (one block beyond the common tokens) that reuse an earlier prompt, 0 to 1. Required.</summary>
    public double Probability { get; init; }

    /// <summary>How much of its own prompt, behind the common tokens, such a request shares, 0 to 1 (rounded to whole blocks, at least one). Required.</summary>
    public DistributionSpec? Share { get; init; }

    /// <summary>Correlation of the share with the prompt length (of the normal scores), -1 to 1. Default 0.</summary>
    public double Correlation { get; init; }

    /// <summary>Time since the arrival of the prompt that is reused. Required.</summary>
    public DurationSpec? Lag { get; init; }

    /// <summary>Unit of sharing in tokens, 1 to 1,048,576. Default 512, the block of the public Mooncake traces.</summary>
    public int BlockTokens { get; init; } = 512;
}
