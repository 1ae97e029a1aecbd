using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Twin.Scaling;

/// <summary>From what a scenario says of scaling to the plan of a run.</summary>
public static class ScalingPlans
{
    /// <summary>The plan; null when the fleet stays as it is.</summary>
    /// <param name="model">What the scenario says.</param>
    /// <param name="pool">Makes a pool's plan, files read.</param>
    public static ScalingPlan? Of(ScalingModel? model, Func<PoolModel, PoolPlan> pool) => model is null ? null : new ScalingPlan
    {
        Scalers = model.Scalers,
        LookAhead = model.LookAhead,
        Pools = model.Pools,
        Nodes = model.Nodes,
        GpuQuota = model.GpuQuota,
        Changes =
        [
            .. model.Changes.Select(c => new PlannedChange
            {
                At = c.At, Pool = c.Pool, Replicas = c.Replicas, Rollout = c.Rollout is null ? null : pool(c.Rollout), Surge = c.Surge, Unavailable = c.Unavailable,
            }),
        ],
    };
}
