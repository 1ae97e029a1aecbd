using System.Globalization;
using Foretoken.Metrics;

namespace Foretoken.Tuning.Objectives;

/// <summary>One number of a run: a statistic of a metric, over all requests or those of one class of the workload.</summary>
/// <param name="Metric">Which metric.</param>
/// <param name="Percentile">Which percentile of it, 0 to 100; null: the mean, and for metrics with one value per run that value.</param>
/// <param name="Class">Name of a workload class; null for all requests.</param>
public sealed record Measure(MetricDefinition Metric, double? Percentile = null, string? Class = null)
{
    /// <summary>As users write it: <c>p95 time_to_first_token</c>, <c>cost</c>, <c>p99 inter_token_latency of chat</c>.</summary>
    public string Text
    {
        get
        {
            var of = Class is null ? "" : $" of {Class}";
            return Metric.Kind == MetricKind.PerRun ? Metric.Tag + of
                : Percentile is { } p ? string.Create(CultureInfo.InvariantCulture, $"p{p} {Metric.Tag}{of}")
                : $"avg {Metric.Tag}{of}";
        }
    }

    /// <summary>In the middle of a sentence: <c>p95 time to first token</c>, <c>cost per hour</c>, <c>mean queue time of chat</c>.</summary>
    public string Label
    {
        get
        {
            // Abbreviations stay as they are: GPUs, KV cache.
            var name = char.IsUpper(Metric.Name[1]) ? Metric.Name : char.ToLowerInvariant(Metric.Name[0]) + Metric.Name[1..];
            var of = Class is null ? "" : $" of {Class}";
            return Metric.Kind == MetricKind.PerRun ? name + of
                : Percentile is { } p ? string.Create(CultureInfo.InvariantCulture, $"p{p} {name}{of}")
                : $"mean {name}{of}";
        }
    }

    /// <summary>The most that it can be: 1 for a share. The least is 0 for every metric.</summary>
    public double Most => Metric.IsShare ? 1 : double.PositiveInfinity;

    /// <inheritdoc />
    public override string ToString() => Text;
}
