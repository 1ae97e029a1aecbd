namespace Foretoken.Workloads.Synthetic;

/// <summary>One point of a quantile table: a share <see cref="Q"/> of all values is at most <see cref="Value"/>.</summary>
public sealed record QuantilePoint
{
    /// <summary>Share, 0 to 1. The first point of a table has 0, the last 1.</summary>
    public required double Q { get; init; }

    /// <summary>Value at this share; never less than at the point before.</summary>
    public required double Value { get; init; }
}
