using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Studies;

/// <summary>A study that was validated: what may be chosen, what is wanted, and how it is searched.</summary>
public sealed record Study
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>The scenario that every candidate is a change of, without the study's own section.</summary>
    public required ConfigNode Scenario { get; init; }

    /// <summary>What may be chosen.</summary>
    public required ParameterSpace Space { get; init; }

    /// <summary>What a deployment may take.</summary>
    public required Budget Budget { get; init; }

    /// <summary>What is wanted, the most important first.</summary>
    public required IReadOnlyList<Objective> Objectives { get; init; }

    /// <summary>What has to be kept.</summary>
    public required IReadOnlyList<Constraint> Constraints { get; init; }

    /// <summary>Whether the load is raised until the constraints break.</summary>
    public bool Capacity { get; init; }

    /// <summary><c>auto</c>, <c>exhaustive</c>, <c>evolutionary</c> or <c>random</c>.</summary>
    public required string Search { get; init; }

    /// <summary>Points that the evolutionary search begins with.</summary>
    public IReadOnlyList<int[]> Start { get; init; } = [];

    /// <summary>Most candidates that are looked at.</summary>
    public required int Candidates { get; init; }

    /// <summary>Runs of each candidate that matters.</summary>
    public required int Replications { get; init; }

    /// <summary>Most candidates of the front that get them.</summary>
    public required int Replicated { get; init; }

    /// <summary>Whether every candidate gets them.</summary>
    public required bool ReplicateAll { get; init; }

    /// <summary>Whether candidates are dropped on slices of the traffic.</summary>
    public required bool Racing { get; init; }

    /// <summary>Whether replications draw the error of the step times.</summary>
    public required bool ModelError { get; init; }

    /// <summary>Candidates that are handed over.</summary>
    public required int Shortlist { get; init; }

    /// <summary>Seed of the search and of every run.</summary>
    public required ulong Seed { get; init; }
}
