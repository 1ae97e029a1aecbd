
namespace Foretoken.Metrics.Slo;

/// <summary>Whether a promise was kept.</summary>
public enum SloVerdict
{
    /// <summary>Kept.</summary>
    Met,

    /// <summary>Broken.</summary>
    Missed,

    /// <summary>Nothing to judge it by: no request has the metric.</summary>
    Undecided,
}

/// <summary>One target and what came out.</summary>
/// <param name="Metric">The metric that is bounded.</param>
/// <param name="Percentile">Bounded percentile; null for the mean or the single value.</param>
/// <param name="Bound">The bound, in the metric's unit.</param>
/// <param name="Value">What the run reached; NaN when nothing has the metric.</param>
/// <param name="Verdict">Kept or not.</param>
/// <param name="Class">Name of the workload class whose requests are meant; null: all requests.</param>
public sealed record SloTargetResult(MetricDefinition Metric, double? Percentile, double Bound, double Value, SloVerdict Verdict, string? Class = null)
{
    /// <summary>Name of the bounded statistic: <c>p95</c>, <c>avg</c>, or <c>value</c> for a single-valued metric.</summary>
    public string Statistic => Metric.Kind == MetricKind.PerRun ? "value" : Percentile is { } p ? Summaries.Distribution.PercentileName(p).Replace('_', '.') : "avg";
}

/// <summary>The SLO judged over the run and over its minutes.</summary>
public sealed record SloResult
{
    /// <summary>Missed when any target or the share of failures is missed; else undecided when any target is; else met.</summary>
    public required SloVerdict Verdict { get; init; }

    /// <summary>One entry per target, in the order of the spec.</summary>
    public required IReadOnlyList<SloTargetResult> Targets { get; init; }

    /// <summary>What made a request good.</summary>
    public required IReadOnlyList<SloRequestBound> RequestBounds { get; init; }

    /// <summary>Share of measured requests that were rejected, aborted or shed (what the stop of a partial run cut off does not count).</summary>
    public required double FailedFraction { get; init; }

    /// <summary>Share that was allowed.</summary>
    public required double FailedFractionMax { get; init; }

    /// <summary>Numbers of the bad minutes, ascending; minute 0 is the first of the run.</summary>
    public required IReadOnlyList<int> BadMinutes { get; init; }

    /// <summary>Minutes with at least one measured arrival.</summary>
    public required int JudgedMinutes { get; init; }
}
