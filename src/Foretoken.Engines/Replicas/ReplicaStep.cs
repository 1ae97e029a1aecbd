using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>A forward pass that has just started, for whoever listens to a run. The shares are only good during the call.</summary>
public readonly ref struct ReplicaStep
{
    /// <summary>The replica.</summary>
    public required int Worker { get; init; }

    /// <summary>Its number on this replica, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it starts.</summary>
    public required SimTime Start { get; init; }

    /// <summary>How long it takes.</summary>
    public required SimDuration Duration { get; init; }

    /// <summary>Who takes part, rank by rank, in the order of the plan.</summary>
    public required ReadOnlySpan<StepShare> Shares { get; init; }
}
