using Foretoken.Hardware.StepTime;

namespace Foretoken.Fleet.Routing;

/// <summary>What an operator knows of the fleet when a router is configured, for policies that derive defaults from it.</summary>
public sealed record RoutingSetup
{
    /// <summary>Nothing is known.</summary>
    public static RoutingSetup None { get; } = new();

    /// <summary>How long a forward pass takes; null when unknown.</summary>
    public IStepTimeSource? StepTime { get; init; }

    /// <summary>Most tokens that a worker computes in one step (<c>max_num_batched_tokens</c> and its like); 0 when unknown.</summary>
    public int MaxBatchedTokens { get; init; }

    /// <summary>Tokens per KV block; 0 when unknown.</summary>
    public int BlockTokens { get; init; }

    /// <summary>KV blocks of a worker; 0 when unknown.</summary>
    public int KvBlocks { get; init; }

    /// <summary>The same by pool, where workers differ (<see cref="RouterView.PoolOf"/>); empty when all are alike.</summary>
    public IReadOnlyList<RoutingSetup> Pools { get; init; } = [];

    /// <summary>A figure of each pool; of all workers when they are alike.</summary>
    public IReadOnlyList<T> PerPool<T>(Func<RoutingSetup, T> figure) => Pools.Count > 0 ? [.. Pools.Select(figure)] : [figure(this)];
}
