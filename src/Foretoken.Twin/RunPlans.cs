using Foretoken.Hardware.StepTime;
using Foretoken.Twin.Routing;
using Foretoken.Twin.Scaling;
using Foretoken.Twin.Scenarios.Model;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin;

/// <summary>From a validated scenario to a run of it, once its traffic and its step times were read.</summary>
public static class RunPlans
{
    /// <summary>A run of the scenario.</summary>
    /// <param name="model">The scenario.</param>
    /// <param name="source">Its traffic; used up by the run.</param>
    /// <param name="stepTime">The step times of a pool. Asked again where replicas of changed settings come later.</param>
    public static RunPlan Create(ScenarioModel model, IRequestSource source, Func<PoolModel, IStepTimeSource> stepTime)
    {
        PoolPlan[] pools = [.. model.Pools.Select(p => Pool(p, stepTime))];
        return new RunPlan
        {
            Source = source,
            Pools = pools,
            Routing = model.Routing.Create(RoutingSetups.Of(pools)),
            RouterTiming = model.Routing.Timing,
            Disaggregation = model.Disaggregation?.Create(),
            Seed = model.Seed,
            EngineMode = model.EngineMode,
            TimeLimit = model.TimeLimit,
            WarmUpRequests = model.Workload.WarmUpRequests,
            Scaling = ScalingPlans.Of(model.Scaling, p => Pool(p, stepTime)),
        };
    }

    private static PoolPlan Pool(PoolModel pool, Func<PoolModel, IStepTimeSource> stepTime) => new()
    {
        Name = pool.Name,
        Role = pool.Role,
        Replicas = pool.Replicas,
        Engine = pool.Engine.Settings,
        StepTime = stepTime(pool),
        Frontend = pool.Frontend,
        GpusPerReplica = pool.GpusPerReplica,
        GpuHourPrice = pool.GpuHourPrice,
        GpuPowerW = pool.Target?.Gpu.PowerW?.Value,
    };
}
