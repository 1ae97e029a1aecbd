using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling;

/// <summary>What one scrape of a pool found. Counters count from the start of the run and never fall.</summary>
public sealed record PoolSample
{
    /// <summary>When.</summary>
    public required SimTime At { get; init; }

    /// <summary>The serving replicas, by number.</summary>
    public required IReadOnlyList<ReplicaGauges> Replicas { get; init; }

    /// <summary>Requests in front of the pool, waiting for a replica.</summary>
    public int Held { get; init; }

    /// <summary>Requests on replicas that no longer take new ones.</summary>
    public int OnDraining { get; init; }

    /// <summary>Counter: requests that arrived.</summary>
    public long Arrived { get; init; }

    /// <summary>Counter: requests that finished.</summary>
    public long Finished { get; init; }

    /// <summary>Counter: prompt tokens of the finished.</summary>
    public long FinishedInput { get; init; }

    /// <summary>Counter: answer tokens of the finished.</summary>
    public long FinishedOutput { get; init; }

    /// <summary>Counter: prompt tokens of the finished that came from a cache.</summary>
    public long FinishedCached { get; init; }

    /// <summary>Counter: milliseconds to the first token, summed over the finished.</summary>
    public double FinishedTtft { get; init; }

    /// <summary>Counter: forward passes started.</summary>
    public long Steps { get; init; }

    /// <summary>Counter: prompt tokens computed.</summary>
    public long PrefillTokens { get; init; }

    /// <summary>Counter: answer tokens generated.</summary>
    public long OutputTokens { get; init; }

    /// <summary>A figure summed over replicas and what waits in front of them.</summary>
    public double Total(ScalingMetric metric)
    {
        double sum = metric is ScalingMetric.Concurrency or ScalingMetric.Waiting ? Held : 0;
        foreach (var replica in Replicas)
        {
            sum += metric switch
            {
                ScalingMetric.Running => replica.Running,
                ScalingMetric.Waiting => replica.Waiting,
                ScalingMetric.KvUsage => replica.KvUsage,
                _ => replica.Concurrency,
            };
        }

        return sum;
    }
}
