using Foretoken.Metrics.Slo;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>What became of the requests of one workload class: those of the measured part.</summary>
public sealed record ClassSummary
{
    /// <summary>Its name; null: the requests without a class, in a workload that has classes.</summary>
    public required string? Name { get; init; }

    /// <summary>Requests.</summary>
    public required int Requests { get; init; }

    /// <summary>Requests that were answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Good requests; null without an SLO that says what a good request is.</summary>
    public required int? Good { get; init; }

    /// <summary>Per-request metrics over its answered requests, in the catalogue's order; those without any value are absent.</summary>
    public required IReadOnlyList<MetricStatistics> Distributions { get; init; }

    /// <summary>Statistics of a metric; null when no request has it.</summary>
    public Distribution? DistributionOf(MetricDefinition metric) => Distributions.FirstOrDefault(d => d.Metric == metric)?.Values;

    /// <summary>Number of a class in a run's table; null for all requests, -1 for a class of which the run has no request.</summary>
    internal static int? NumberOf(RunResult result, string? name)
    {
        if (name is null)
        {
            return null;
        }

        for (var i = 0; i < result.Classes.Count; i++)
        {
            if (result.Classes[i] == name)
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <summary>The classes in the workload's order, the requests without one last; empty where the workload has none.</summary>
    internal static IReadOnlyList<ClassSummary> Of(RunResult result, double[] percentiles, GoodBounds good)
    {
        if (result.Classes.Count == 0)
        {
            return [];
        }

        var table = result.Requests;
        var rows = new List<int>[result.Classes.Count + 1];
        for (var number = 0; number < rows.Length; number++)
        {
            rows[number] = [];
        }

        for (var i = result.WarmUpRequests; i < table.Count; i++)
        {
            rows[table.Class(i)].Add(i);
        }

        var found = new List<ClassSummary>();
        for (var number = 1; number < rows.Length; number++)
        {
            found.Add(One(result.Classes[number - 1], rows[number]));
        }

        if (rows[0].Count > 0)
        {
            found.Add(One(null, rows[0]));
        }

        return found;

        ClassSummary One(string? name, List<int> own)
        {
            var computed = RequestStatistics.Compute(table, new RequestStatistics.Rows(0, own.Count, [.. own]), percentiles);
            var distributions = new List<MetricStatistics>();
            foreach (var metric in MetricCatalogue.All)
            {
                var at = metric.Kind == MetricKind.PerRequest ? RequestMetrics.IndexOf(metric) : -1;
                if (at >= 0 && computed[at] is { } values)
                {
                    distributions.Add(new MetricStatistics(metric, values));
                }
            }

            return new ClassSummary
            {
                Name = name,
                Requests = own.Count,
                Answered = own.Count(i => RequestMetrics.Answered(table.Outcome(i))),
                Good = good.IsEmpty ? null : own.Count(i => RequestMetrics.Answered(table.Outcome(i)) && good.IsGood(table, i)),
                Distributions = distributions,
            };
        }
    }
}
