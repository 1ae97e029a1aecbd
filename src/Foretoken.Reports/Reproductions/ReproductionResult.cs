using Foretoken.Metrics.Summaries;

namespace Foretoken.Reports.Reproductions;

/// <summary>A published finding beside ours.</summary>
public sealed record ReproductionResult
{
    /// <summary>Name of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>What was found.</summary>
    public required string Title { get; init; }

    /// <summary>Who published it.</summary>
    public required string Source { get; init; }

    /// <summary>What the source says.</summary>
    public required string Claim { get; init; }

    /// <summary>Under which conditions, and what was assumed.</summary>
    public required string Conditions { get; init; }

    /// <summary>An honest word on the difference.</summary>
    public required string Word { get; init; }

    /// <summary>What was run.</summary>
    public required IReadOnlyList<ReproducedRun> Runs { get; init; }

    /// <summary>The numbers.</summary>
    public required IReadOnlyList<FigureResult> Figures { get; init; }

    /// <summary>Numbers over axes.</summary>
    public required IReadOnlyList<TableResult> Tables { get; init; }
}

/// <summary>A run of a reproduction.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="Requests">Its requests by outcome.</param>
/// <param name="SimulatedSeconds">How long it was in virtual time.</param>
/// <param name="Partial">Whether it was cut off.</param>
public sealed record ReproducedRun(string Name, ulong Fingerprint, OutcomeCounts Requests, double SimulatedSeconds, bool Partial);

/// <summary>A number, the published beside ours.</summary>
public sealed record FigureResult
{
    /// <summary>What it is.</summary>
    public required string Name { get; init; }

    /// <summary>Tag of the metric.</summary>
    public required string Metric { get; init; }

    /// <summary>Statistic; empty for a metric with one value.</summary>
    public required string Statistic { get; init; }

    /// <summary>Unit of the numbers; empty for a pure number.</summary>
    public required string Unit { get; init; }

    /// <summary>Whether the numbers are shares or changes: differences are in points then.</summary>
    public required bool IsShare { get; init; }

    /// <summary>Ours; NaN where the runs do not have it.</summary>
    public required double Ours { get; init; }

    /// <summary>The source's; null where it gives none.</summary>
    public double? Published { get; init; }

    /// <summary>The high end where it gives a range.</summary>
    public double? PublishedTo { get; init; }

    /// <summary>A difference that still counts as agreement; null: not judged.</summary>
    public double? Within { get; init; }

    /// <summary>
    /// Ours less the published: as a share of it, or in points for shares. Zero inside a published range, from its nearer end
    /// outside. Null where there is nothing to compare.
    /// </summary>
    public double? Difference
    {
        get
        {
            if (Published is not { } low || !double.IsFinite(Ours))
            {
                return null;
            }

            var nearest = Math.Clamp(Ours, low, PublishedTo ?? low);
            return IsShare ? Ours - nearest : Ours == nearest ? 0 : nearest == 0 ? null : (Ours - nearest) / Math.Abs(nearest);
        }
    }

    /// <summary>Whether ours is as near as the reproduction asks; null where it does not ask or cannot say.</summary>
    public bool? Agrees => Within is { } within && Published is not null ? Difference is { } difference && Math.Abs(difference) <= within : null;
}

/// <summary>Numbers over one axis or two.</summary>
public sealed record TableResult
{
    /// <summary>What it is.</summary>
    public required string Name { get; init; }

    /// <summary>Tag of the metric.</summary>
    public required string Metric { get; init; }

    /// <summary>Statistic; empty for a metric with one value.</summary>
    public required string Statistic { get; init; }

    /// <summary>Unit of the numbers; empty for a pure number.</summary>
    public required string Unit { get; init; }

    /// <summary>Whether the numbers are shares or changes.</summary>
    public required bool IsShare { get; init; }

    /// <summary>The value at which nothing differs, in a comparison of two runs: 1 of ratios, 0 of changes and differences; else null.</summary>
    public double? Reference { get; init; }

    /// <summary>Axis of the rows.</summary>
    public required string RowAxis { get; init; }

    /// <summary>Axis of the columns; empty when there is one column.</summary>
    public required string ColumnAxis { get; init; }

    /// <summary>Values of the rows' axis.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>Values of the columns' axis.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Row by row; NaN where there is no value.</summary>
    public required double[,] Cells { get; init; }
}
