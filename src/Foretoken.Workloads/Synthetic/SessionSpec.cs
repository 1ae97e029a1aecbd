namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// Conversations of several turns. The prompt of a turn is everything before (prompt and answer of the previous turn) plus
/// new tokens, and is sent a think time after the previous answer was complete. Prefix caches can hit the history,
/// generated tokens included.
/// </summary>
public sealed record SessionSpec
{
    /// <summary>Turns per session, at least 1. Required.</summary>
    public DistributionSpec? Turns { get; init; }

    /// <summary>Time between an answer and the next turn. Default: none (at once).</summary>
    public DurationSpec? ThinkTime { get; init; }

    /// <summary>New prompt tokens of the second and later turns. Default: as <c>input_tokens</c>, which the first turn always uses.</summary>
    public DistributionSpec? NewTokens { get; init; }

    /// <summary>A session ends before the first turn whose prompt and answer would exceed this many tokens. Default: no limit. At least one turn is always sent.</summary>
    public int? MaxContextTokens { get; init; }
}
