namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// Agents that call tools: each user turn becomes a chain of model calls. The answer of a call (<c>output_tokens</c>) asks
/// for a tool; its result is appended to the context and the next call follows when the tool is done.
/// </summary>
public sealed record AgentSpec
{
    /// <summary>Model calls per user turn, at least 1. Required.</summary>
    public DistributionSpec? Calls { get; init; }

    /// <summary>How long a tool takes: from a call's completion to the next call. Default: none (at once).</summary>
    public DurationSpec? ToolLatency { get; init; }

    /// <summary>Tokens of a tool's result. Required.</summary>
    public DistributionSpec? ToolTokens { get; init; }

    /// <summary>Answer tokens of the last call of a turn (the answer to the user). Default: as <c>output_tokens</c>.</summary>
    public DistributionSpec? FinalOutputTokens { get; init; }
}
