namespace Foretoken.Fleet.Routing;

/// <summary>Every routing policy by name. A new one is a file beside this and a line here.</summary>
public static class RoutingPolicies
{
    private static readonly Dictionary<string, Func<IRoutingPolicy>> Known = new(StringComparer.Ordinal)
    {
        ["round_robin"] = () => new RoundRobin(),
        ["random"] = () => new RandomChoice(),
        ["least_requests"] = () => new LeastRequests(),
        ["least_tokens"] = () => new LeastTokens(),
        ["power_of_two"] = () => new PowerOfTwoChoices(),
    };

    /// <summary>Names in the order of the documentation.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>A fresh policy of that name; null if there is none.</summary>
    public static IRoutingPolicy? Create(string name) => Known.TryGetValue(name, out var create) ? create() : null;
}
