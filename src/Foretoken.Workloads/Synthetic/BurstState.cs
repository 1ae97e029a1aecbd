using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>One state of bursty arrivals.</summary>
public sealed record BurstState
{
    /// <summary>Arrivals per second while in this state, at least 0.</summary>
    public required double Rate { get; init; }

    /// <summary>Mean time in this state (exponential), above 0.</summary>
    public required SimDuration Dwell { get; init; }
}
