using Foretoken.Engines.Replicas;

namespace Foretoken.Twin;

/// <summary>Makes the replicas of a run in the engine mode that applies.</summary>
internal static class ReplicaFactory
{
    /// <summary>The mode that drives the run: the fast one unless plain is asked for or the settings are beyond the fast one.</summary>
    public static EngineMode Resolve(RunPlan plan) =>
        plan.EngineMode == EngineMode.Plain || plan.Engine.NotCovered() is not null ? EngineMode.Plain : EngineMode.Fast;

    /// <summary>A new, idle replica.</summary>
    public static IReplica Create(RunPlan plan, EngineMode mode, ReplicaRecorder recorder) =>
        mode == EngineMode.Fast
            ? plan.Engine.CreateFast(plan.StepTime, recorder, plan.Seed, plan.Source.Tree)
            : plan.Engine.CreatePlain(plan.StepTime, recorder, plan.Seed);
}
