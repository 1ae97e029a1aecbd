using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>Each replica in turn.</summary>
public sealed class RoundRobin : IRoutingPolicy
{
    private int _next;

    /// <inheritdoc />
    public string Name => "round_robin";

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.None;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var chosen = _next;
        _next = chosen + 1 == view.Replicas ? 0 : chosen + 1;
        return chosen;
    }
}
