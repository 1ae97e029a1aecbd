namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>What the Dynamo planner optimises for.</summary>
public enum PlannerTarget
{
    /// <summary>Few replicas: fixed thresholds, load loop only. The planner's default.</summary>
    Throughput,

    /// <summary>Short queues: lower fixed thresholds, load loop only.</summary>
    Latency,

    /// <summary>The objectives for the time to the first token and between tokens.</summary>
    Sla,
}
