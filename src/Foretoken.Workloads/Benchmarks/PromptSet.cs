using Foretoken.Workloads.Synthetic;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>The prompts of a benchmark. Tokens are random: two prompts share nothing but a common prefix, unless they are the same prompt.</summary>
public sealed record PromptSet
{
    /// <summary>Prompt tokens, without the shared prefix.</summary>
    public required DistributionSpec Input { get; init; }

    /// <summary>Answer tokens.</summary>
    public required DistributionSpec Output { get; init; }

    /// <summary>Tokens of the prefix in front of every prompt; 0 for none.</summary>
    public int PrefixTokens { get; init; }

    /// <summary>Number of different prefixes.</summary>
    public int PrefixGroups { get; init; } = 1;

    /// <summary>Whether a prompt's prefix is drawn; otherwise prompt k has prefix k modulo their number, all equally often.</summary>
    public bool PrefixDrawn { get; init; }

    /// <summary>Different prompts; more requests than that repeat them, token by token. Null: every request has its own.</summary>
    public int? Prompts { get; init; }

    /// <summary>The order of the prompts.</summary>
    public PromptOrder Order { get; init; }
}
