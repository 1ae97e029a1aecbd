using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Support;

/// <summary>Changes to plans of one pool.</summary>
internal static class RunPlans
{
    /// <summary>The plan with its only pool changed.</summary>
    public static RunPlan WithPool(this RunPlan plan, Func<PoolPlan, PoolPlan> change) => plan with { Pools = [change(Assert.Single(plan.Pools))] };
}
