using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

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
    public static IReplica Create(RunPlan plan, PoolPlan pool, ReplicaRecorder recorder)
    {
        if (Resolve(plan, pool) == EngineMode.Fast)
        {
            return pool.Engine.CreateFast(pool.StepTime, recorder, plan.Seed, plan.Source.Tree);
        }

        var replica = pool.Engine.CreatePlain(pool.StepTime, recorder, plan.Seed);
        var isCopied = plan.Scaling is { LookAhead.Count: > 0 } && plan.Disaggregation is null && NotCovered(pool.Engine) is null && pool.Engine is VllmSettings;
        return isCopied
            ? new ShadowedReplica<FastVllmReplica>(replica, new FastVllmReplica((VllmSettings)pool.Engine, pool.StepTime, new ReplicaRecorder(recorder.Worker, new LogHistogram(), new Nobody()), plan.Source.Tree))
            : replica;
    }

    // What a shadow tells has been told already.
    private sealed class Nobody : IReplicaEvents
    {
        public void Ended(int worker, in RequestRecord record, SimTime at)
        {
        }
    }
}
