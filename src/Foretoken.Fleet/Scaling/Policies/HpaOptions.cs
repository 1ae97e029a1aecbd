using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>Behaviour of the horizontal pod autoscaler; the defaults are those of Kubernetes 1.31 (autoscaling/v2).</summary>
public sealed record HpaOptions
{
    /// <summary>The figure it follows.</summary>
    public ScalingMetric Metric { get; init; } = ScalingMetric.Concurrency;

    /// <summary>Average per replica that it aims at.</summary>
    public required double Target { get; init; }

    /// <summary>Time between two decisions (<c>--horizontal-pod-autoscaler-sync-period</c>).</summary>
    public SimDuration SyncPeriod { get; init; } = SimDuration.FromSeconds(15);

    /// <summary>Time between two looks at the figures.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(15);

    /// <summary>Relative distance from the target within which nothing is done (<c>--horizontal-pod-autoscaler-tolerance</c>).</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Whether the figure comes per pod (type Pods) or as one value for all (type External, as KEDA's).</summary>
    public bool External { get; init; }

    /// <summary>The smallest recommendation of this long counts when growing (<c>behavior.scaleUp.stabilizationWindowSeconds</c>).</summary>
    public SimDuration UpWindow { get; init; } = SimDuration.Zero;

    /// <summary>The largest recommendation of this long counts when shrinking (<c>behavior.scaleDown.stabilizationWindowSeconds</c>).</summary>
    public SimDuration DownWindow { get; init; } = SimDuration.FromSeconds(300);

    /// <summary>Replicas that may be added per period.</summary>
    public int UpPods { get; init; } = 4;

    /// <summary>Percent of the replicas that may be added per period; the larger of the two limits counts.</summary>
    public double UpPercent { get; init; } = 100;

    /// <summary>Percent of the replicas that may be removed per period.</summary>
    public double DownPercent { get; init; } = 100;

    /// <summary>The period of the limits.</summary>
    public SimDuration RatePeriod { get; init; } = SimDuration.FromSeconds(15);
}
