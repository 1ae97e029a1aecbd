using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.ColdStart;

/// <summary>Machines for replicas.</summary>
public sealed record NodePoolOptions
{
    /// <summary>GPUs of a machine.</summary>
    public int GpusPerNode { get; init; } = 8;

    /// <summary>Machines that run from the start and always.</summary>
    public required int Ready { get; init; }

    /// <summary>Most machines (the quota).</summary>
    public required int Most { get; init; }

    /// <summary>Time from asking for a machine until it runs (virtual machines with GPUs: 2 to 6 minutes).</summary>
    public SimDuration StartTime { get; init; } = SimDuration.FromSeconds(240);

    /// <summary>An empty machine beyond the first goes after this long (cluster-autoscaler's <c>scale-down-unneeded-time</c>).</summary>
    public SimDuration IdleTime { get; init; } = SimDuration.FromSeconds(600);
}
