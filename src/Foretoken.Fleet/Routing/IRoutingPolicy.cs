using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>Chooses the replica for a request. Pure: a decision over a view; its only state is what a real router of this kind keeps.</summary>
public interface IRoutingPolicy
{
    /// <summary>Name as in a scenario's <c>routing.policy</c>.</summary>
    string Name { get; }

    /// <summary>What of the view the decision reads; the run keeps only that up to date.</summary>
    RouterNeeds Needs { get; }

    /// <summary>Number of the chosen replica.</summary>
    int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random);
}
