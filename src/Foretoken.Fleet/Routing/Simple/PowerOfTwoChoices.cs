using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.Simple;

/// <summary>Two different workers at random; the one with fewer requests in flight, the first drawn when they are equal.</summary>
public sealed class PowerOfTwoChoices : IRoutingPolicy
{
    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new("power_of_two", "of two drawn by chance, the one with fewer requests in flight", (_, _) => new PowerOfTwoChoices());

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.Requests;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var workers = view.Workers;
        if (workers.Length == 1)
        {
            return workers[0];
        }

        var first = random.NextInt(workers.Length);
        var second = random.NextInt(workers.Length - 1);
        second += second >= first ? 1 : 0;
        return view.RequestsInFlight[workers[second]] < view.RequestsInFlight[workers[first]] ? workers[second] : workers[first];
    }
}
