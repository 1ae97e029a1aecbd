namespace Foretoken.Fleet.Routing;

/// <summary>
/// A policy as the registry knows it: what a scenario may write, and how the policy is made of it. The keys of
/// <c>fleet.routing</c>, the JSON Schema and the reference page all come from here.
/// </summary>
/// <param name="Name">Name in a scenario.</param>
/// <param name="Meaning">How it picks, as the end of a sentence.</param>
/// <param name="Create">Makes a fresh policy.</param>
public sealed record PolicyDescription(string Name, string Meaning, Func<PolicyValues, RoutingSetup, IRoutingPolicy> Create)
{
    /// <summary>Its own keys beside <c>policy</c>.</summary>
    public IReadOnlyList<PolicyParameter> Parameters { get; init; } = [];

    /// <summary>How old the state is that it sees in the real system, unless the scenario says otherwise.</summary>
    public RouterTiming Timing { get; init; } = RouterTiming.Default;

    /// <summary>Where rule and defaults come from.</summary>
    public string Source { get; init; } = "";
}
