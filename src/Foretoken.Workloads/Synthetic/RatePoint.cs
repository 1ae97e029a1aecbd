using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>A point of a rate profile.</summary>
public sealed record RatePoint
{
    /// <summary>Time since the start of the cycle.</summary>
    public required SimDuration At { get; init; }

    /// <summary>Arrivals per second at this time, at least 0.</summary>
    public required double Rate { get; init; }
}
