using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>As <see cref="QuantilePoint"/>, for times.</summary>
public sealed record DurationPoint
{
    /// <summary>Share, 0 to 1. The first point of a table has 0, the last 1.</summary>
    public required double Q { get; init; }

    /// <summary>Time at this share; never less than at the point before.</summary>
    public required SimDuration Value { get; init; }
}
