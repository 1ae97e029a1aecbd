using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Slo;

/// <summary>
/// Finds the bad minutes. Rows of the table are in order of arrival, so that the requests of a minute stand together and
/// only one minute's values are held at a time.
/// </summary>
internal static class MinuteJudge
{
    private const long Minute = 60_000_000_000;

    /// <summary>Bad minutes ascending, and how many minutes had arrivals.</summary>
    public static (List<int> Bad, int Judged) Judge(RunResult result, SloSpec slo)
    {
        var (table, firstRow) = (result.Requests, result.WarmUpRequests);
        var targets = new List<Target>();
        for (var i = 0; i < slo.Targets.Count; i++)
        {
            if (MetricCatalogue.Find(slo.Targets[i].Metric) is { Kind: MetricKind.PerRequest } metric)
            {
                targets.Add(new Target(slo.Targets[i], metric, RequestMetrics.IndexOf(metric), ClassSummary.NumberOf(result, slo.Targets[i].Class)));
            }
        }

        var bad = new List<int>();
        var judged = 0;
        var values = new double[256];
        var row = firstRow;
        while (row < table.Count)
        {
            var minute = table.Arrival(row).Nanoseconds / Minute;
            var end = row + 1;
            while (end < table.Count && table.Arrival(end).Nanoseconds / Minute == minute)
            {
                end++;
            }

            Invariant.That(end == table.Count || table.Arrival(end).Nanoseconds / Minute > minute);
            judged++;
            if (IsBad(row, end))
            {
                bad.Add((int)minute);
            }

            row = end;
        }

        return (bad, judged);

        bool IsBad(int first, int end)
        {
            var failed = 0;
            for (var i = first; i < end; i++)
            {
                failed += table.Outcome(i) is RequestOutcome.Rejected or RequestOutcome.Aborted or RequestOutcome.Shed ? 1 : 0;
            }

            if ((double)failed / (end - first) > slo.FailedFractionMax)
            {
                return true;
            }

            foreach (var (target, metric, index, kind) in targets)
            {
                if (values.Length < end - first)
                {
                    values = new double[2 * (end - first)];
                }

                var count = 0;
                for (var i = first; i < end; i++)
                {
                    if ((kind is null || table.Class(i) == kind) && RequestMetrics.Answered(table.Outcome(i)) && RequestMetrics.Raw(index, table, i) is var raw and not double.NaN)
                    {
                        values[count++] = raw;
                    }
                }

                if (count > 0 && !SloSpec.Meets(metric, RequestMetrics.InUnit(index, Statistic(values.AsSpan(0, count), target.Percentile)), target.Bound))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private static double Statistic(Span<double> values, double? percentile)
    {
        if (percentile is { } p)
        {
            return RequestStatistics.PercentileOfUnsorted(values, p);
        }

        double sum = 0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private sealed record Target(SloTarget Slo, MetricDefinition Metric, int Index, int? Class);
}
