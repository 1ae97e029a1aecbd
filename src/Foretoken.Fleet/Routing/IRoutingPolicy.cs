using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>
/// Chooses the worker for a request: a decision over a view, without side effects outside itself. Its only state is what a real
/// router of this kind keeps, so that the same object can route real traffic. Policies that have to hear what became of their
/// requests, or what workers cache, implement <see cref="IRoutingFeedback"/> as well.
/// </summary>
public interface IRoutingPolicy
{
    /// <summary>Name as in a scenario's <c>fleet.routing.policy</c>.</summary>
    string Name { get; }

    /// <summary>What of the view the decision reads, and what feedback it wants; the run keeps only that up to date.</summary>
    RouterNeeds Needs { get; }

    /// <summary>Number of the chosen worker: one of <see cref="RouterView.Workers"/>. The request is sent there.</summary>
    int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random);
}
