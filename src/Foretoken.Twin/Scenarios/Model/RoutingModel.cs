using Foretoken.Fleet.Routing;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>The router of a scenario: policy, its parameters, and how old the state is that it sees.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Values">Its parameters.</param>
/// <param name="Timing">How old the state is that it sees.</param>
public sealed record RoutingModel(PolicyDescription Policy, PolicyValues Values, RouterTiming Timing)
{
    /// <summary>A fresh policy object: one per run.</summary>
    public IRoutingPolicy Create(RoutingSetup setup) => Policy.Create(Values, setup);
}
