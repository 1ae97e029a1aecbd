using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Foretoken.Twin.Scaling;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>How a fleet changes during a run, validated.</summary>
public sealed record ScalingModel
{
    /// <summary>The scalers, each with the numbers of its pools.</summary>
    public required IReadOnlyList<ScalerPlan> Scalers { get; init; }

    /// <summary>Those who look ahead, each over pools of its own.</summary>
    public IReadOnlyList<LookAheadPlan> LookAhead { get; init; } = [];

    /// <summary>Bounds and starts, one per pool.</summary>
    public required IReadOnlyList<PoolScaling> Pools { get; init; }

    /// <summary>Machines; null: always room.</summary>
    public NodePoolOptions? Nodes { get; init; }

    /// <summary>Most GPUs; null: no bound.</summary>
    public int? GpuQuota { get; init; }

    /// <summary>Planned changes, in order of time.</summary>
    public IReadOnlyList<PlannedChangeModel> Changes { get; init; } = [];
}

/// <summary>A change of the fleet that was planned beforehand.</summary>
/// <param name="At">When.</param>
/// <param name="Pool">Number of the pool.</param>
/// <param name="Replicas">Replicas from then on; null: as many as before.</param>
/// <param name="Rollout">What replicas are made from then on; null: as before.</param>
/// <param name="Surge">Replicas beyond the wanted ones while it is rolled out.</param>
/// <param name="Unavailable">Replicas that may be missing meanwhile.</param>
public sealed record PlannedChangeModel(SimTime At, int Pool, int? Replicas, PoolModel? Rollout, int Surge, int Unavailable);
