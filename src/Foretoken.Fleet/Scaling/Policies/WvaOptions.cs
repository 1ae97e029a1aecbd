using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>llm-d's workload variant autoscaler in saturation mode; the defaults are those of its saturation-scaling config.</summary>
public sealed record WvaOptions
{
    /// <summary>KV usage from which a replica is saturated.</summary>
    public double KvCacheThreshold { get; init; } = 0.8;

    /// <summary>Queue length from which a replica is saturated.</summary>
    public double QueueLengthThreshold { get; init; } = 5;

    /// <summary>Mean spare KV usage below which a replica is added.</summary>
    public double KvSpareTrigger { get; init; } = 0.1;

    /// <summary>Mean spare queue length below which a replica is added.</summary>
    public double QueueSpareTrigger { get; init; } = 3;

    /// <summary>Time between two decisions.</summary>
    public SimDuration Interval { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>The figures are peaks over this long (<c>max_over_time[1m]</c>).</summary>
    public SimDuration Peak { get; init; } = SimDuration.FromSeconds(60);

    /// <summary>Time between two scrapes.</summary>
    public SimDuration ScrapeEvery { get; init; } = SimDuration.FromSeconds(15);

    /// <summary>How often an empty model looks for waiting requests (scale from zero).</summary>
    public SimDuration ZeroPoll { get; init; } = new(100_000_000);
}
