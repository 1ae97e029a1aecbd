using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>The Knative pod autoscaler; the defaults are those of its <c>config-autoscaler</c> (serving 1.15).</summary>
public sealed record KnativeOptions
{
    /// <summary>Requests in flight per replica that count as full (<c>container-concurrency-target-default</c>).</summary>
    public double TargetConcurrency { get; init; } = 100;

    /// <summary>Share of it that is aimed at, percent (<c>container-concurrency-target-percentage</c>).</summary>
    public double TargetPercentage { get; init; } = 70;

    /// <summary>The slow window (<c>stable-window</c>).</summary>
    public SimDuration StableWindow { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>The quick window, percent of the slow one (<c>panic-window-percentage</c>).</summary>
    public double PanicWindowPercentage { get; init; } = 10;

    /// <summary>Demand over capacity at which panic begins, percent (<c>panic-threshold-percentage</c>).</summary>
    public double PanicThresholdPercentage { get; init; } = 200;

    /// <summary>Most growth per decision (<c>max-scale-up-rate</c>).</summary>
    public double MaxScaleUpRate { get; init; } = 1000;

    /// <summary>Most shrinking per decision (<c>max-scale-down-rate</c>).</summary>
    public double MaxScaleDownRate { get; init; } = 2;

    /// <summary>Shrinking waits until nothing larger was wanted for this long (<c>scale-down-delay</c>).</summary>
    public SimDuration ScaleDownDelay { get; init; } = SimDuration.Zero;

    /// <summary>How long the last replica stays once zero is wanted (<c>scale-to-zero-grace-period</c>).</summary>
    public SimDuration ScaleToZeroGrace { get; init; } = SimDuration.FromSeconds(30);

    /// <summary>Time between two decisions (<c>tickInterval</c>).</summary>
    public SimDuration Tick { get; init; } = SimDuration.FromSeconds(2);

    /// <summary>Time between two scrapes of the replicas.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(1);
}
