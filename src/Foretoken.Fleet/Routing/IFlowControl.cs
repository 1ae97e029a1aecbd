namespace Foretoken.Fleet.Routing;

/// <summary>A policy whose router looks at how full its workers are before it lets a request in: it sheds load, or queues it.</summary>
public interface IFlowControl : IRoutingPolicy
{
    /// <summary>How requests wait while the workers are saturated; null: none waits, and those that <see cref="IsSheddable"/> names are refused then.</summary>
    FlowRules? Rules { get; }

    /// <summary>How full the workers are; from 1 on they are saturated, and nothing more is sent to them.</summary>
    double Saturation(in RouterView view);

    /// <summary>Whether a request may be refused for the sake of others.</summary>
    bool IsSheddable(in RoutedRequest request);
}
