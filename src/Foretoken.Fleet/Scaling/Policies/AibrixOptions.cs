using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>AIBrix's pod autoscaler; the defaults are those of its scaling context (v0.5).</summary>
public sealed record AibrixOptions
{
    /// <summary>Follow a stable and a panic window (its KPA) instead of the ratio of a short window (its APA).</summary>
    public bool Kpa { get; init; }

    /// <summary>The figure it follows.</summary>
    public ScalingMetric Metric { get; init; } = ScalingMetric.Concurrency;

    /// <summary>Average per replica that it aims at.</summary>
    public required double Target { get; init; }

    /// <summary>Distance above the target within which nothing is done (<c>up-fluctuation-tolerance</c>).</summary>
    public double UpTolerance { get; init; } = 0.1;

    /// <summary>Distance below it (<c>down-fluctuation-tolerance</c>).</summary>
    public double DownTolerance { get; init; } = 0.1;

    /// <summary>Most growth per decision.</summary>
    public double MaxScaleUpRate { get; init; } = 2;

    /// <summary>Most shrinking per decision.</summary>
    public double MaxScaleDownRate { get; init; } = 2;

    /// <summary>Window of recommendations when growing (the largest counts).</summary>
    public SimDuration UpCooldown { get; init; } = SimDuration.Zero;

    /// <summary>Window of recommendations when shrinking (the smallest counts: see the class).</summary>
    public SimDuration DownCooldown { get; init; } = SimDuration.FromSeconds(300);

    /// <summary>KPA: the slow window.</summary>
    public SimDuration StableWindow { get; init; } = SimDuration.FromSeconds(180);

    /// <summary>KPA: the quick window.</summary>
    public SimDuration PanicWindow { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>KPA: demand over capacity at which panic begins.</summary>
    public double PanicThreshold { get; init; } = 2;

    /// <summary>APA: window over which the figure is averaged.</summary>
    public SimDuration Window { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>Time between two decisions.</summary>
    public SimDuration SyncPeriod { get; init; } = SimDuration.FromSeconds(10);

    /// <summary>Time between two scrapes.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(10);
}
