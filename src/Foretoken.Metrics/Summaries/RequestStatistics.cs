using System.Runtime.InteropServices;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>
/// Exact distributions of the per-request metrics over the answered requests of the measured part. Written without LINQ over
/// value types: their instantiations are compiled when the program starts, which costs more than the summary itself.
/// </summary>
internal static class RequestStatistics
{
    private const int WorthThreads = 500_000;

    // One column in memory, 1.6 MB at most; beyond, buckets need less.
    private const int Held = 200_000;

    /// <summary>
    /// One distribution per entry of <see cref="RequestMetrics.Computed"/>, null where no request has the metric.
    /// <paramref name="percentiles"/> are ascending. More rows than <paramref name="held"/> are streamed, with the same result.
    /// </summary>
    public static Distribution?[] Compute(RequestTable table, int firstRow, double[] percentiles, int held = Held) =>
        Compute(table, Rows.From(table, firstRow), percentiles, held);

    /// <summary>The same over some of the rows.</summary>
    public static Distribution?[] Compute(RequestTable table, Rows rows, double[] percentiles, int held = Held)
    {
        var wanted = new double[]?[RequestMetrics.Computed.Count];
        Array.Fill(wanted, percentiles);
        return Compute(table, rows, wanted, held);
    }

    /// <summary>The same with percentiles for each metric; null where its distribution is not wanted, and null is what comes out.</summary>
    public static Distribution?[] Compute(RequestTable table, Rows rows, double[]?[] percentiles, int held = Held)
    {
        var metrics = RequestMetrics.Computed.Count;
        var distributions = new Distribution?[metrics];

        // Each metric by itself: a pass touches only the columns that it needs, and no sum depends on who computes it. Many
        // rows are worth the other cores; few are not worth starting them.
        if (rows.Count >= WorthThreads)
        {
            Parallel.For(0, metrics, metric => distributions[metric] = ComputeOne(table, rows, metric, percentiles[metric], null));
            return distributions;
        }

        var scratch = rows.Count <= held ? new double[rows.Count] : null;
        for (var metric = 0; metric < metrics; metric++)
        {
            distributions[metric] = ComputeOne(table, rows, metric, percentiles[metric], scratch);
        }

        return distributions;
    }

    /// <summary>
    /// One statistic of a metric over the answered requests of a class (its number; 0: those without one), in the metric's unit; NaN
    /// where none of them has it.
    /// </summary>
    public static double OfClass(RunResult result, int metric, int workloadClass, double? percentile)
    {
        var table = result.Requests;
        var found = new List<double>();
        CompensatedSum sum = default;
        for (var i = result.WarmUpRequests; i < table.Count; i++)
        {
            if (table.Class(i) == workloadClass && RequestMetrics.Answered(table.Outcome(i)) && RequestMetrics.Raw(metric, table, i) is var raw and not double.NaN)
            {
                found.Add(raw);
                sum.Add(raw);
            }
        }

        return found.Count == 0 ? double.NaN
            : RequestMetrics.InUnit(metric, percentile is { } p ? PercentileOfUnsorted(CollectionsMarshal.AsSpan(found), p) : sum.Total / found.Count);
    }

    /// <summary>Value at a percentile of sorted values by linear interpolation between order statistics.</summary>
    public static double Percentile(ReadOnlySpan<double> sorted, double p)
    {
        var (low, high, part) = Ranks(sorted.Length, p);
        return Interpolate(sorted[low], sorted[high], part);
    }

    /// <summary>Value at a percentile of values in any order; their order changes.</summary>
    public static double PercentileOfUnsorted(Span<double> values, double p)
    {
        var (low, high, _) = Ranks(values.Length, p);
        Span<int> ranks = [low, high];
        OrderStatistics.Place(values, low == high ? ranks[..1] : ranks);
        return Percentile(values, p);
    }

    private static Distribution? ComputeOne(RequestTable table, Rows rows, int metric, double[]? percentiles, double[]? scratch)
    {
        return percentiles is null ? null : scratch is null ? Streamed(table, rows, metric, percentiles) : Gathered(table, rows, metric, percentiles, scratch);
    }

    // Few enough to hold them all.
    private static Distribution? Gathered(RequestTable table, Rows rows, int metric, double[] percentiles, double[] scratch)
    {
        var count = 0;
        double minimum = double.PositiveInfinity, maximum = double.NegativeInfinity;
        CompensatedSum sum = default;
        for (var k = 0; k < rows.Count; k++)
        {
            var i = rows[k];
            if (RequestMetrics.Answered(table.Outcome(i)) && RequestMetrics.Raw(metric, table, i) is var raw and not double.NaN)
            {
                scratch[count++] = raw;
                sum.Add(raw);
                minimum = raw < minimum ? raw : minimum;
                maximum = raw > maximum ? raw : maximum;
            }
        }

        if (count == 0)
        {
            return null;
        }

        var values = scratch.AsSpan(0, count);
        var mean = sum.Total / count;
        double squares = 0;
        foreach (var value in values)
        {
            var off = value - mean;
            squares += off * off;
        }

        OrderStatistics.Place(values, RanksOf(count, percentiles));
        var found = new PercentileValue[percentiles.Length];
        for (var k = 0; k < percentiles.Length; k++)
        {
            found[k] = new PercentileValue(percentiles[k], RequestMetrics.InUnit(metric, Percentile(values, percentiles[k])));
        }

        return Told(metric, count, sum.Total, minimum, maximum, Math.Sqrt(squares / count), found);
    }

    private static Distribution? Streamed(RequestTable table, Rows rows, int metric, double[] percentiles)
    {
        var column = new ExactColumn(RequestMetrics.HistogramScale(metric));
        for (var k = 0; k < rows.Count; k++)
        {
            var i = rows[k];
            if (RequestMetrics.Answered(table.Outcome(i)) && RequestMetrics.Raw(metric, table, i) is var raw and not double.NaN)
            {
                column.Count1(raw);
            }
        }

        if (column.Count == 0)
        {
            return null;
        }

        column.Prepare(RanksOf(column.Count, percentiles));
        for (var k = 0; k < rows.Count; k++)
        {
            var i = rows[k];
            if (RequestMetrics.Answered(table.Outcome(i)) && RequestMetrics.Raw(metric, table, i) is var raw and not double.NaN)
            {
                column.Collect(raw);
            }
        }

        column.Finish();
        var values = new PercentileValue[percentiles.Length];
        for (var k = 0; k < percentiles.Length; k++)
        {
            var (low, high, part) = Ranks(column.Count, percentiles[k]);
            values[k] = new PercentileValue(percentiles[k], RequestMetrics.InUnit(metric, Interpolate(column.AtRank(low), column.AtRank(high), part)));
        }

        return Told(metric, column.Count, column.Sum, column.Minimum, column.Maximum, column.StandardDeviation, values);
    }

    private static Distribution Told(int metric, int count, double sum, double minimum, double maximum, double deviation, PercentileValue[] values) => new()
    {
        Count = count,
        Sum = RequestMetrics.InUnit(metric, sum),
        Mean = RequestMetrics.InUnit(metric, sum / count),
        Minimum = RequestMetrics.InUnit(metric, minimum),
        Maximum = RequestMetrics.InUnit(metric, maximum),
        StandardDeviation = RequestMetrics.InUnit(metric, deviation),
        Percentiles = values,
    };

    /// <summary>Ranks that percentiles (ascending) interpolate between, ascending, each once.</summary>
    private static ReadOnlySpan<int> RanksOf(int count, double[] percentiles)
    {
        var ranks = new int[2 * percentiles.Length];
        var used = 0;
        foreach (var p in percentiles)
        {
            // Neighbouring percentiles may share a pair or its upper half: what is not above the last is there already.
            var (low, high, _) = Ranks(count, p);
            if (used == 0 || low > ranks[used - 1])
            {
                ranks[used++] = low;
            }

            if (high > ranks[used - 1])
            {
                ranks[used++] = high;
            }
        }

        return ranks.AsSpan(0, used);
    }

    private static (int Low, int High, double Part) Ranks(int count, double p)
    {
        var position = p / 100 * (count - 1);
        var low = Math.Min((int)position, count - 1);
        return (low, Math.Min(low + 1, count - 1), position - low);
    }

    private static double Interpolate(double low, double high, double part) => low + part * (high - low);

    /// <summary>Rows of the table: those from a first one on, or those that are named.</summary>
    internal readonly record struct Rows(int First, int Count, int[]? Named)
    {
        /// <summary>All from <paramref name="first"/> on.</summary>
        public static Rows From(RequestTable table, int first) => new(first, Math.Max(0, table.Count - first), null);

        public int this[int k] => Named is null ? First + k : Named[k];
    }
}
