using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>
/// A scaler with two axes, after Databricks' model serving (2026): replicas by concurrency, and the concurrency that a replica
/// is given. The rhythm is theirs; how far the second axis moves they do not publish, so its steps are ours.
/// </summary>
public sealed record TwoAxisOptions
{
    /// <summary>Requests in flight that a replica is given at first.</summary>
    public double TargetConcurrency { get; init; } = 8;

    /// <summary>Fewest that it may be given.</summary>
    public double MinConcurrency { get; init; } = 1;

    /// <summary>Most that it may be given.</summary>
    public double MaxConcurrency { get; init; } = 256;

    /// <summary>Time between two decisions over replicas.</summary>
    public SimDuration Interval { get; init; } = SimDuration.FromSeconds(5);

    /// <summary>Time between two scrapes.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(1);

    /// <summary>Window over which concurrency is averaged.</summary>
    public SimDuration Window { get; init; } = SimDuration.FromSeconds(20);

    /// <summary>Shrinking takes the largest wish of this long.</summary>
    public SimDuration DownWindow { get; init; } = SimDuration.FromSeconds(300);

    /// <summary>Most replicas added or removed per decision, as a share of those there (at least one).</summary>
    public double StepCap { get; init; } = 1;

    /// <summary>Time between two changes of the concurrency per replica.</summary>
    public SimDuration VerticalInterval { get; init; } = SimDuration.FromSeconds(30);

    /// <summary>Most change of it at once, as a share.</summary>
    public double VerticalCap { get; init; } = 0.1;

    /// <summary>KV usage above which it falls.</summary>
    public double HighUsage { get; init; } = 0.9;

    /// <summary>KV usage below which it may rise.</summary>
    public double LowUsage { get; init; } = 0.6;

    /// <summary>Mean queue per replica above which it falls.</summary>
    public double HighQueue { get; init; } = 1;

    /// <summary>Mean time to the first token, ms, above which it falls; 0: not looked at.</summary>
    public double Ttft { get; init; }
}
