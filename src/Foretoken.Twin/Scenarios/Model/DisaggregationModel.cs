using Foretoken.Fleet.Routing;
using Foretoken.Twin.Disaggregation;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>A validated hand-off from a prefill to a decode pool; policies keep state, so that each run gets its own.</summary>
/// <param name="Plan">Everything but the decode router, which is a fresh one in each plan.</param>
/// <param name="DecodeRouting">Name of the decode router's policy.</param>
public sealed record DisaggregationModel(DisaggregationPlan Plan, string DecodeRouting)
{
    /// <summary>For one run.</summary>
    public DisaggregationPlan Create() => Plan with { DecodeRouting = RoutingPolicies.Create(DecodeRouting)! };
}
