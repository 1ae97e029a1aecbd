using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>The replica with the fewest requests in flight; equal ones take turns.</summary>
public sealed class LeastRequests : IRoutingPolicy
{
    private int _start;

    /// <inheritdoc />
    public string Name => "least_requests";

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) =>
        LeastLoad.Choose(view.RequestsInFlight, ref _start);
}
