using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>How old the state is that a router sees.</summary>
/// <param name="PollInterval">Workers' metrics are those of the last multiple of this; zero: always fresh.</param>
/// <param name="EventDelay">From the publication of a cache event (the end of a step) to the router's index.</param>
/// <param name="InFlightCorrection">Whether what this router sent since the last poll is added to the polled metrics.</param>
public readonly record struct RouterTiming(SimDuration PollInterval, SimDuration EventDelay, bool InFlightCorrection)
{
    /// <summary>Everything fresh.</summary>
    public static RouterTiming Default => default;
}
