using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>Any replica, each equally likely.</summary>
public sealed class RandomChoice : IRoutingPolicy
{
    /// <inheritdoc />
    public string Name => "random";

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.None;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) => random.NextInt(view.Replicas);
}
