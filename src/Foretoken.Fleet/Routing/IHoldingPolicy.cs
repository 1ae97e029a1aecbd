using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>
/// A policy whose router keeps requests back while every worker is busy. Held requests are asked about again whenever a first
/// token or an end was heard, in the order of <see cref="Turn"/>.
/// </summary>
public interface IHoldingPolicy : IRoutingPolicy
{
    /// <summary>Whether it ever holds anything.</summary>
    bool MayHold { get; }

    /// <summary>Whether the request has to wait at the router now.</summary>
    bool Holds(in RouterView view, in RoutedRequest request);

    /// <summary>A held request's turn: the smallest goes first, equal ones in order of arrival.</summary>
    double Turn(in RoutedRequest request, SimTime arrival);
}
