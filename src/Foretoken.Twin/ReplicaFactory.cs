using Foretoken.Engines.Replicas;

namespace Foretoken.Twin;

/// <summary>Makes the replicas of a run in the engine mode that applies.</summary>
public static class ReplicaFactory
{
    /// <summary>The mode that drives a pool's replicas: the fast one unless plain is asked for, somebody listens, or the settings are beyond the fast one.</summary>
    public static EngineMode Resolve(RunPlan plan, PoolPlan pool) =>
        plan.EngineMode == EngineMode.Plain || plan.Trace is not null || NotCovered(pool.Engine) is not null ? EngineMode.Plain : EngineMode.Fast;

    /// <summary>What is beyond the fast engine, whichever engine it is; null when it covers everything.</summary>
    public static string? NotCovered(EngineSettings engine) => engine.StreamInterval > 1 ? "stream_interval above 1" : engine.NotCovered();

    /// <summary>A new, idle replica.</summary>
    public static IReplica Create(RunPlan plan, PoolPlan pool, ReplicaRecorder recorder) =>
        Resolve(plan, pool) == EngineMode.Fast
            ? pool.Engine.CreateFast(pool.StepTime, recorder, plan.Seed, plan.Source.Tree)
            : pool.Engine.CreatePlain(pool.StepTime, recorder, plan.Seed);
}
