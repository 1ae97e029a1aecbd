namespace Foretoken.Metrics.Summaries;

/// <summary>A distribution that somebody wants.</summary>
/// <param name="Metric">Of what.</param>
/// <param name="Percentiles">Its percentiles, in any order; none for the mean alone.</param>
internal sealed record WantedDistribution(MetricDefinition Metric, IReadOnlyList<double> Percentiles)
{
    /// <summary>
    /// Percentiles by metric, ascending and each once: by position in <see cref="RequestMetrics.Computed"/>, then those of the gaps
    /// between tokens. Null where nobody wants the distribution.
    /// </summary>
    public static double[]?[] Of(SummaryContext context)
    {
        var found = new double[]?[RequestMetrics.Computed.Count + 1];
        if (context.Wanted is null)
        {
            Array.Fill(found, Distribution.PercentilesFor(context));
            return found;
        }

        foreach (var wanted in context.Wanted)
        {
            Add(found, wanted.Metric, wanted.Percentiles);
        }

        foreach (var target in context.Slo?.Targets ?? [])
        {
            Add(found, MetricCatalogue.Find(target.Metric)!, target.Percentile is { } p ? [p] : []);
        }

        return found;
    }

    private static void Add(double[]?[] found, MetricDefinition metric, IReadOnlyList<double> percentiles)
    {
        var place = metric == MetricCatalogue.InterTokenGap ? found.Length - 1 : RequestMetrics.IndexOf(metric);
        if (place >= 0)
        {
            var all = new SortedSet<double>(found[place] ?? []);
            all.UnionWith(percentiles);
            found[place] = [.. all];
        }
    }
}
