using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Portfolio;

/// <summary>A deployment for each class of traffic, beside the one for all of it.</summary>
public sealed record PortfolioResult
{
    /// <summary>The study.</summary>
    public required string Name { get; init; }

    /// <summary>Its seed.</summary>
    public required long Seed { get; init; }

    /// <summary>What was to be improved, in the study's order.</summary>
    public required IReadOnlyList<Objective> Objectives { get; init; }

    /// <summary>The classes; one alone means that there is no portfolio.</summary>
    public required IReadOnlyList<TrafficClass> Classes { get; init; }

    /// <summary>Whether the scenario names the classes.</summary>
    public required bool IsNamed { get; init; }

    /// <summary>Mean silhouette of the cut; 0 where the scenario names the classes or there is one.</summary>
    public required double Silhouette { get; init; }

    /// <summary>The deployment for all of the traffic: the study's recommendation.</summary>
    public Side? Shared { get; init; }

    /// <summary>All deployments of the portfolio together; null when there is no portfolio.</summary>
    public Side? Together { get; init; }

    /// <summary>One per class, in order; empty when there is no portfolio.</summary>
    public IReadOnlyList<ClassDeployment> Deployments { get; init; } = [];
}

/// <summary>One side of the comparison.</summary>
public sealed record Side
{
    /// <summary>GPUs when the run begins.</summary>
    public required int Gpus { get; init; }

    /// <summary>Their price for an hour, US dollars; NaN when it is not known.</summary>
    public required double HourPrice { get; init; }

    /// <summary>One value per objective; NaN where several deployments have no value together, such as a percentile.</summary>
    public required IReadOnlyList<double> Objectives { get; init; }

    /// <summary>Whether it keeps the SLO; the portfolio does when every class does.</summary>
    public required bool MeetsSlo { get; init; }

    /// <summary>How probable that is; of the portfolio the product over its classes.</summary>
    public required double SloProbability { get; init; }

    /// <summary>The deployment in a line; empty for several.</summary>
    public string Title { get; init; } = "";
}

/// <summary>What was found for one class.</summary>
public sealed record ClassDeployment
{
    /// <summary>The class.</summary>
    public required TrafficClass Class { get; init; }

    /// <summary>The recommended deployment for it alone.</summary>
    public required CandidateResult Own { get; init; }

    /// <summary>Price of its GPUs for an hour, US dollars; NaN when it is not known.</summary>
    public required double HourPrice { get; init; }

    /// <summary>Whether it keeps the SLO.</summary>
    public required bool MeetsSlo { get; init; }

    /// <summary>Candidates that were looked at for it.</summary>
    public required int Candidates { get; init; }

    /// <summary>Runs for it.</summary>
    public required long Runs { get; init; }

    /// <summary>The objectives over this class's requests in the shared deployment; NaN where it cannot be told by class.</summary>
    public required IReadOnlyList<double> InShared { get; init; }

    /// <summary>Bounds that this class's requests miss in the shared deployment, and by what share of the bound.</summary>
    public required IReadOnlyList<KeyValuePair<Constraint, double>> MissesInShared { get; init; }

    /// <summary>What it takes to get from the shared deployment to this one.</summary>
    public required SwitchingCost Switch { get; init; }
}
