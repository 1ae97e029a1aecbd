namespace Foretoken.Twin.Scenarios.Model;

/// <summary>A bound on a statistic of a metric, or (without one) on the metric of a single request.</summary>
/// <param name="Metric">Tag of the metric.</param>
/// <param name="Percentile">Bounded percentile; null for the mean.</param>
/// <param name="Bound">Milliseconds for times, tokens per second for speeds.</param>
/// <param name="Class">Name of the workload class whose requests it is for; null for all requests.</param>
public sealed record SloBound(string Metric, double? Percentile, double Bound, string? Class = null);

/// <summary>The service-level objective of a scenario.</summary>
/// <param name="Targets">Bounds on statistics over the run.</param>
/// <param name="Request">Bounds on single requests; empty: the targets' tightest.</param>
/// <param name="FailedFractionMax">Share of requests that may end without an answer.</param>
public sealed record SloModel(IReadOnlyList<SloBound> Targets, IReadOnlyList<SloBound> Request, double FailedFractionMax)
{
    /// <summary>Names of the workload classes that bounds are for, each once.</summary>
    public IReadOnlyList<string> Classes => [.. Targets.Concat(Request).Select(b => b.Class).OfType<string>().Distinct()];
}
