using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// A synthetic workload as a user writes it (<c>workload:</c> of a scenario, the file of <c>trace synthesize</c>). Parts that
/// are not set come from the preset; a part that is set replaces the preset's whole part, except that
/// <c>arrivals</c> without <c>process</c> only changes what it names.
/// </summary>
public sealed record SyntheticSpec
{
    /// <summary>Starting point: <c>chat</c>, <c>code-completion</c>, <c>agent</c>, <c>long-document</c> or <c>batch</c>. Default: none.</summary>
    public string? Preset { get; init; }

    /// <summary>Number of requests, 1 to 2,000,000,000. Default: the preset's; without one, this or <see cref="Duration"/> is required.</summary>
    public long? Requests { get; init; }

    /// <summary>No request or session starts at or after this time. Default: no limit. Not under a closed loop.</summary>
    public SimDuration? Duration { get; init; }

    /// <summary>When requests arrive. Not together with <see cref="ClosedLoop"/>. Required without it.</summary>
    public ArrivalSpec? Arrivals { get; init; }

    /// <summary>Prompt tokens (without the shared prefix; with sessions: of the first turn). Required unless <see cref="JointLengths"/> is given.</summary>
    public DistributionSpec? InputTokens { get; init; }

    /// <summary>Answer tokens. Required unless <see cref="JointLengths"/> is given.</summary>
    public DistributionSpec? OutputTokens { get; init; }

    /// <summary>
    /// Correlation of prompt and answer length: of the normal scores (Gaussian copula), -1 to 1. Rank correlation is then
    /// 6/π·asin(correlation/2). Default 0.
    /// </summary>
    public double? Correlation { get; init; }

    /// <summary>Table of prompt and answer lengths that are drawn together, instead of the two distributions. At most 10 million rows.</summary>
    public IReadOnlyList<LengthPair>? JointLengths { get; init; }

    /// <summary>Shared prefixes. Default: none.</summary>
    public PrefixSpec? Prefix { get; init; }

    /// <summary>Reuse of earlier prompts as measured in a trace. Default: none. Not together with prefix, sessions, agents or a closed loop.</summary>
    public ReuseSpec? Reuse { get; init; }

    /// <summary>Conversations of several turns. Default: none, every request stands alone.</summary>
    public SessionSpec? Sessions { get; init; }

    /// <summary>Tool-calling agents. Default: none.</summary>
    public AgentSpec? Agents { get; init; }

    /// <summary>Closed loop instead of arrival times. Default: none, open loop.</summary>
    public ClosedLoopSpec? ClosedLoop { get; init; }

    /// <summary>Whether the spec, preset applied, has chains of requests.</summary>
    internal bool HasConversations => Sessions is not null || Agents is not null;

    /// <summary>
    /// The spec with the preset's parts filled in (and <see cref="Preset"/> cleared). An unknown preset is left as it is, for
    /// <see cref="Validate"/> to report.
    /// </summary>
    public SyntheticSpec Resolve() => WorkloadPresets.Apply(this);

    /// <summary>Every problem, with its path below <paramref name="place"/>; empty when the workload can be generated.</summary>
    public IReadOnlyList<Problem> Validate(string place = "workload") => SpecRules.Check(this, place);
}
