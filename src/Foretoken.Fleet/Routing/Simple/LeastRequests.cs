using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>The worker with the fewest requests in flight; equal ones take turns.</summary>
public sealed class LeastRequests : IRoutingPolicy
{
    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("least_requests", "the one with the fewest requests in flight", (_, _) => new LeastRequests());

    private int _start;

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) =>
        LeastLoad.Choose(view.Workers, view.RequestsInFlight, ref _start);
}
