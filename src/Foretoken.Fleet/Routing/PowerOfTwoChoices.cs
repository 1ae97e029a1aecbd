using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>Two different replicas at random; the one with fewer requests in flight, the first drawn when they are equal.</summary>
public sealed class PowerOfTwoChoices : IRoutingPolicy
{
    /// <inheritdoc />
    public string Name => "power_of_two";

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        if (view.Replicas == 1)
        {
            return 0;
        }

        var first = random.NextInt(view.Replicas);
        var second = random.NextInt(view.Replicas - 1);
        second += second >= first ? 1 : 0;
        return view.RequestsInFlight[second] < view.RequestsInFlight[first] ? second : first;
    }
}
