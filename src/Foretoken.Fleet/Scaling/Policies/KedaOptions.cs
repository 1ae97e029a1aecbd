using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>A KEDA ScaledObject; the defaults are those of KEDA 2.15.</summary>
public sealed record KedaOptions
{
    /// <summary>The autoscaler that KEDA makes for one and more replicas.</summary>
    public required HpaOptions Hpa { get; init; }

    /// <summary>Time between two looks that wake from zero or send to it (<c>pollingInterval</c>).</summary>
    public SimDuration PollingInterval { get; init; } = SimDuration.FromSeconds(30);

    /// <summary>Idle time before zero (<c>cooldownPeriod</c>).</summary>
    public SimDuration CooldownPeriod { get; init; } = SimDuration.FromSeconds(300);

    /// <summary>The figure above which the workload counts as active (<c>activationThreshold</c>).</summary>
    public double ActivationThreshold { get; init; }
}
