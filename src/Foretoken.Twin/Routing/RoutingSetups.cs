using Foretoken.Fleet.Routing;

namespace Foretoken.Twin.Routing;

/// <summary>From the pools of a run to what a router knows of them beforehand.</summary>
public static class RoutingSetups
{
    /// <summary>The setup of the router that requests meet first.</summary>
    /// <param name="pools">All pools, by number; those that only generate are not its own.</param>
    public static RoutingSetup Of(IReadOnlyList<PoolPlan> pools)
    {
        var first = Of(pools.First(p => p.Role != PoolRole.Decode));
        return pools.Count == 1 ? first : first with { Pools = [.. pools.Select(Of)] };
    }

    private static RoutingSetup Of(PoolPlan pool) => new()
    {
        StepTime = pool.StepTime,
        BlockTokens = pool.Engine.KvBlockTokens,
        KvBlocks = pool.Engine.KvBlocks,
        MaxBatchedTokens = pool.Engine.MaxBatchedTokens,
    };
}
