namespace Foretoken.Fleet.Scaling;

/// <summary>The figure that a ratio scaler follows.</summary>
public enum ScalingMetric
{
    /// <summary>Requests in the system per replica.</summary>
    Concurrency,

    /// <summary>Requests running per replica.</summary>
    Running,

    /// <summary>Requests in the engines' queues per replica.</summary>
    Waiting,

    /// <summary>Share of KV blocks in use, 0 to 1.</summary>
    KvUsage,

    /// <summary>Requests arriving per second.</summary>
    RequestRate,
}
