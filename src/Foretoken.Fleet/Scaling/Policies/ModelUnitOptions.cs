using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// Scaling by model units, after Databricks (2026): a replica is worth a fixed number of units a minute, tokens cost units by
/// coefficients found by benchmarking, and the utilisation of the units decides. Their coefficients and bounds are not
/// published; here the coefficients come from the pass times and the bounds are ours.
/// </summary>
public sealed record ModelUnitOptions
{
    /// <summary>Units of a replica per minute.</summary>
    public double UnitsPerMinute { get; init; } = 100;

    /// <summary>Share of its units that a replica is meant to use.</summary>
    public double TargetUtilisation { get; init; } = 0.7;

    /// <summary>Distance from it within which nothing is done, as a share of it.</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Requests running together for which answer tokens are priced; null: as many as keep a pass within <see cref="PassMilliseconds"/>.</summary>
    public int? Batch { get; init; }

    /// <summary>Length of a pass at which answer tokens are priced when no batch is given, ms.</summary>
    public double PassMilliseconds { get; init; } = 50;

    /// <summary>Tokens that a running request holds when answer tokens are priced, before any has finished.</summary>
    public double Context { get; init; } = 2048;

    /// <summary>Time between two decisions.</summary>
    public SimDuration Interval { get; init; } = SimDuration.FromSeconds(15);

    /// <summary>Time between two scrapes.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(5);

    /// <summary>Window over which used units are counted.</summary>
    public SimDuration Window { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>Shrinking takes the largest wish of this long.</summary>
    public SimDuration DownWindow { get; init; } = SimDuration.FromSeconds(300);

    /// <summary>Most growth per decision, as a factor.</summary>
    public double MaxGrowth { get; init; } = 2;
}
