using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <summary>A replica within a future.</summary>
internal sealed class FutureCopy
{
    /// <summary>What it is made from.</summary>
    public required PoolPlan Plan { get; init; }

    /// <summary>Number of its pool.</summary>
    public required int Pool { get; init; }

    /// <summary>Null until it is needed.</summary>
    public IReplica? Replica { get; set; }

    /// <summary>From when it takes requests.</summary>
    public SimTime Serves { get; init; }

    /// <summary>Takes no requests any more.</summary>
    public bool Drains { get; set; }

    /// <summary>Requests that wait for their KV: to hear in time when their memory is reserved it has to be woken.</summary>
    public int Awaits { get; set; }

    /// <summary>Whether others wait for what happens in it.</summary>
    public bool IsWatched => Replica is not null && (Plan.Role == PoolRole.Prefill || Awaits > 0);

    /// <summary>A new, idle replica: what comes in a future shares nothing with anybody, so that caches for shared prompts would only cost time.</summary>
    public static IReplica Create(PoolPlan plan, ReplicaRecorder recorder, ulong seed)
    {
        var engine = plan.Engine.WithoutSharing() with { StreamInterval = 1 };
        return engine.NotCovered() is null ? engine.CreateFast(plan.StepTime, recorder, seed, null) : engine.CreatePlain(plan.StepTime, recorder, seed);
    }
}
