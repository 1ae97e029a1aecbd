using FsCheck;
using FsCheck.Fluent;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Metrics;

public sealed class RequestStatisticsTests
{
    [Fact]
    public void Compute_AnyTable_EqualsTheNaiveStatistics()
    {
        // Times from nanoseconds to days, many ties, single rows, rows without tokens.
        var times = Gen.OneOf(
            Gen.Choose(0, 50).Select(v => (long)v),
            Gen.Choose(0, int.MaxValue).Select(v => (long)v),
            Gen.Choose(1, int.MaxValue).Select(v => v * 40_000L),
            Gen.Constant(1_000_000L));
        var rows = Gen.Zip(times, Gen.Zip(times, Gen.Zip(times, Gen.Choose(0, 5000)))).ListOf();
        Prop.ForAll(rows.ToArbitrary(), list =>
        {
            var table = new RequestTable();
            long arrival = 0;
            foreach (var (gap, (first, (rest, output))) in list)
            {
                var i = table.Count;
                arrival += gap;
                table.Issue(i, new SimTime(arrival), (int)(first % 100_000) + 1, 0);
                table.Finish(new RequestRecord
                {
                    Index = i,
                    Scheduled = new SimTime(arrival + first / 2),
                    FirstToken = output < 1 ? SimTime.Never : new SimTime(arrival + first),
                    SecondToken = output < 2 ? SimTime.Never : new SimTime(arrival + first + rest / 3),
                    LastToken = output < 1 ? SimTime.Never : new SimTime(arrival + first + (output < 2 ? 0 : rest)),
                    OutputTokens = output,
                    Outcome = output == 7 ? RequestOutcome.Aborted : RequestOutcome.Completed,
                });
            }

            double[] percentiles = [0, 5, 12.5, 12.6, 50, 95, 99, 99.9, 99.99, 100];
            var computed = RequestStatistics.Compute(table, 0, percentiles);
            var streamed = RequestStatistics.Compute(table, 0, percentiles, held: -1);
            Assert.Equivalent(streamed, computed, strict: true);
            for (var metric = 0; metric < computed.Length; metric++)
            {
                var values = Enumerable.Range(0, table.Count)
                    .Where(i => table.Outcome(i) == RequestOutcome.Completed)
                    .Select(i => RequestMetrics.InUnit(metric, RequestMetrics.Raw(metric, table, i)))
                    .Where(v => !double.IsNaN(v))
                    .ToArray();
                if (values.Length == 0)
                {
                    Assert.Null(computed[metric]);
                }
                else
                {
                    NaiveStatistics.AssertEqual(values, computed[metric]!);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Percentile_OfOneToFive_IsNumpysAnswer()
    {
        double[] values = [1, 2, 3, 4, 5];
        Assert.Equal(3, RequestStatistics.Percentile(values, 50));
        Assert.Equal(4.8, RequestStatistics.Percentile(values, 95), 12);
        Assert.Equal(1, RequestStatistics.Percentile(values, 0));
        Assert.Equal(5, RequestStatistics.Percentile(values, 100));
    }

    [Fact]
    public void Compute_LongColumn_EqualsTheNaiveStatistics()
    {
        var result = FakeRun.Traffic(requests: 3000, workers: 4, seconds: 900, seed: 5);
        var computed = RequestStatistics.Compute(result.Requests, 100, Distribution.PercentilesFor(new SummaryContext { ScenarioName = "", Version = "" }));
        for (var metric = 0; metric < computed.Length; metric++)
        {
            NaiveStatistics.AssertEqual(
                [.. Enumerable.Range(100, result.Requests.Count - 100).Select(i => RequestMetrics.InUnit(metric, RequestMetrics.Raw(metric, result.Requests, i))).Where(v => !double.IsNaN(v))],
                computed[metric]!);
        }
    }
}
