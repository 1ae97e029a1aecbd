using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <summary>How the fleet changes during a run.</summary>
public sealed record ScalingPlan
{
    /// <summary>The scalers, each over pools of its own.</summary>
    public IReadOnlyList<ScalerPlan> Scalers { get; init; } = [];

    /// <summary>Those who look ahead, each over pools of its own.</summary>
    public IReadOnlyList<LookAheadPlan> LookAhead { get; init; } = [];

    /// <summary>Bounds and starts, one per pool of the run.</summary>
    public required IReadOnlyList<PoolScaling> Pools { get; init; }

    /// <summary>Machines that replicas stand on; null: always room for one more, within <see cref="GpuQuota"/>.</summary>
    public NodePoolOptions? Nodes { get; init; }

    /// <summary>Most GPUs, those of starting and draining replicas included; null: no bound.</summary>
    public int? GpuQuota { get; init; }

    /// <summary>What was planned beforehand, in the order of time.</summary>
    public IReadOnlyList<PlannedChange> Changes { get; init; } = [];

    /// <summary>The run ends when requests have waited this long in front of a pool without replicas after the last arrival, and nothing starts.</summary>
    public SimDuration StallLimit { get; init; } = SimDuration.FromSeconds(3600);
}

/// <summary>A scaler and what it is responsible for.</summary>
/// <param name="Create">Makes it, fresh for a run.</param>
/// <param name="Pools">Numbers of its pools.</param>
public sealed record ScalerPlan(Func<IScalingPolicy> Create, IReadOnlyList<int> Pools);

/// <summary>A scaler that plays copies of the run.</summary>
/// <param name="Options">How.</param>
/// <param name="Pools">Numbers of its pools. The whole fleet is played; these are the ones that it changes.</param>
public sealed record LookAheadPlan(LookAheadOptions Options, IReadOnlyList<int> Pools);

/// <summary>What bounds a pool.</summary>
public sealed record PoolScaling
{
    /// <summary>Fewest replicas.</summary>
    public int Minimum { get; init; } = 1;

    /// <summary>Most replicas.</summary>
    public int Maximum { get; init; } = int.MaxValue;

    /// <summary>How long a replica takes to start.</summary>
    public ColdStartTerms ColdStart { get; init; } = new();
}

/// <summary>A change of the fleet that was planned beforehand.</summary>
public sealed record PlannedChange
{
    /// <summary>When.</summary>
    public required SimTime At { get; init; }

    /// <summary>Number of the pool.</summary>
    public required int Pool { get; init; }

    /// <summary>Replicas from then on; null: as many as before.</summary>
    public int? Replicas { get; init; }

    /// <summary>What new replicas are made from, and the old ones are replaced by, one after the other; null: as before.</summary>
    public PoolPlan? Rollout { get; init; }

    /// <summary>Replicas beyond the wanted ones during a rollout, at least 0 (<c>maxSurge</c>).</summary>
    public int Surge { get; init; } = 1;

    /// <summary>Replicas that may be missing during a rollout, at least 0 (<c>maxUnavailable</c>); not both zero.</summary>
    public int Unavailable { get; init; }
}
