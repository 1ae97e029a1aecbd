using Foretoken.Quantities;
using Foretoken.Metrics;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Metrics;

public sealed class SummaryBuilderTests
{
    internal static readonly SloSpec Slo = new()
    {
        Targets =
        [
            new SloTarget { Metric = "time_to_first_token", Percentile = 95, Bound = 250 },
            new SloTarget { Metric = "output_token_throughput_per_user", Percentile = 5, Bound = 20 },
            new SloTarget { Metric = "inter_token_latency", Bound = 40 },
        ],
        FailedFractionMax = 0.5,
    };

    internal static SummaryContext Context(SloSpec? slo = null) => new()
    {
        ScenarioName = "chat on two replicas",
        ScenarioPath = "examples/chat.yaml",
        Version = "0.1.0",
        Seed = 7,
        GpusPerReplica = 2,
        Slo = slo,
        Headline = ["some/model (bf16) on 2 x some-gpu, TP 2: vllm, KV cache of 447,568 tokens", "Step times: coefficients of some-gpu"],
        Notes = ["some-gpu has no coefficients of its own: the generic set"],
        Settings = [new("fleet.replicas", "2"), new("engine.max_num_seqs", "256")],
        RunTime = TimeSpan.FromMilliseconds(12.5),
        SetUpTime = TimeSpan.FromMilliseconds(80),
    };

    [Fact]
    public void Build_PoolsThatChange_PaysFromTheGpusToTheirReturn()
    {
        // The second replica gets its GPUs at 10 s, serves from 20, drains from 40 and is gone at 50; the run ends at 60.75 s.
        static SimTime S(int seconds) => SimTime.FromSeconds(seconds);
        var run = FakeRun.Small();
        var life = new ReplicaLife { Requested = S(5), Started = S(10), Warmed = S(15), Served = S(20), Drained = S(40), Gone = S(50) };
        run = run with
        {
            Replicas = [run.Replicas[0], run.Replicas[1] with { Pool = 1, Life = life }],
            Pools = [run.Pools[0], new PoolResult { Name = "others", Role = PoolRole.Decode, GpusPerReplica = 4, GpuHourPrice = 2 }],
        };
        var summary = SummaryBuilder.Build(run, Context());
        Assert.Equal([2 * 60.75 / 3600, 4 * 40.0 / 3600], summary.Pools.Select(p => p.GpuHours));
        Assert.Equal([20L, 10L], summary.Pools.Select(p => p.OutputTokens));
        Value(summary, MetricCatalogue.GpuHours, (2 * 60.75 + 4 * 40) / 3600);
        Value(summary, MetricCatalogue.Cost, (3 * 2 * 60.75 + 2 * 4 * 40) / 3600);
        var line = summary.Timeline;
        var seconds = line.WidthNanoseconds / 1e9;
        Assert.Equal(60.75 + 20, Sum(line.Replicas), 6);
        Assert.Equal(60.75 + 40, Sum(line.ReplicasHeld), 6);
        Assert.Equal((1, 1), (line.Replicas[(int)(9 / seconds)], line.ReplicasHeld[(int)(9 / seconds)]));
        Assert.Equal((1, 2), (line.Replicas[(int)(15 / seconds)], line.ReplicasHeld[(int)(15 / seconds)]));
        Assert.Equal((2, 2), (line.Replicas[(int)(30 / seconds)], line.ReplicasHeld[(int)(30 / seconds)]));

        // One price that is not known leaves the whole cost unknown.
        Assert.Null(SummaryBuilder.Build(run with { Pools = [run.Pools[0], run.Pools[1] with { GpuHourPrice = null }] }, Context()).ValueOf(MetricCatalogue.Cost));

        double Sum(IReadOnlyList<double> means) => means.Select((mean, bin) => mean * Math.Min(seconds, 60.75 - bin * seconds)).Sum();
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(6, 1)]
    public void Build_AsManyGpusInOtherPools_CostTheSameToTheLastDigit(int first, int second)
    {
        var run = FakeRun.Small();
        PoolResult Pool(string name, int gpus) => run.Pools[0] with { Name = name, GpusPerReplica = gpus, GpuHourPrice = 3.495 };
        run = run with { Replicas = [run.Replicas[0], run.Replicas[1] with { Pool = 1 }], Pools = [Pool("a", first), Pool("b", second)] };
        var summary = SummaryBuilder.Build(run, Context());
        Assert.Equal(7.0, summary.ValueOf(MetricCatalogue.GpuCount));
        Assert.Equal(7 * 3.495, summary.ValueOf(MetricCatalogue.CostPerHour));
    }

    [Fact]
    public void Build_HandOffs_TellWaitsAndLinks()
    {
        static SimTime Ms(long ms) => new(ms * 1_000_000);
        var table = new HandOffTable { Local = 3, Links = [new LinkUse("replica 0 out", 1e9, 6_075_000_000), new LinkUse("replica 1 in", 2e9, 6_075_000_000)] };

        // Memory there 10 ms before the prompt's end, then 30 ms after it; the KV 20 ms after both, and never.
        table.Rows.Add(new HandOffRow(0, 0, 1, Ms(100), Ms(90), Ms(120), 1000));
        table.Rows.Add(new HandOffRow(1, 0, 1, Ms(100), Ms(130), Ms(140), 500));
        table.Rows.Add(new HandOffRow(2, 0, 1, Ms(100), SimTime.Never, SimTime.Never, 0));
        var summary = SummaryBuilder.Build(FakeRun.Small() with { HandOffs = table }, Context());
        var told = summary.HandOffs!;
        Assert.Equal((2, 3, 1500), (told.Requests, told.Local, told.Bytes));
        Assert.Equal((15, 28.5), told.MemoryWait);
        Assert.Equal((15, 19.5), told.Transfer);
        Assert.Equal([0.1, 0.05], told.Links.Select(l => HandOffSummary.Use(l, summary.SimulatedSeconds)));
        Assert.Null(SummaryBuilder.Build(FakeRun.Small(), Context()).HandOffs);
    }

    [Fact]
    public void Build_SmallRun_GivesTheValuesComputedByHand()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small(), Context());

        // Answered: rows 0, 1, 2, 4.
        Equal(summary, MetricCatalogue.TimeToFirstToken, [100, 200, 300, 200]);
        Equal(summary, MetricCatalogue.TimeToSecondToken, [10, 20, 50]);
        Equal(summary, MetricCatalogue.RequestLatency, [190, 380, 300, 600]);
        Equal(summary, MetricCatalogue.InterTokenLatency, [10, 20, 50]);
        Equal(summary, MetricCatalogue.TimePerOutputToken, [10, 20, 50]);
        Equal(summary, MetricCatalogue.OutputTokenThroughputPerUser, [100, 50, 20]);
        Equal(summary, MetricCatalogue.QueueTime, [0, 10, 0, 0]);
        Equal(summary, MetricCatalogue.OutputSequenceLength, [10, 10, 1, 9]);
        Equal(summary, MetricCatalogue.InputSequenceLength, [100, 200, 300, 400]);

        Value(summary, MetricCatalogue.BenchmarkDuration, 60.75);
        Value(summary, MetricCatalogue.RequestCount, 4);
        Value(summary, MetricCatalogue.ErrorRequestCount, 2);
        Value(summary, MetricCatalogue.TotalInputTokens, 1000);
        Value(summary, MetricCatalogue.TotalOutputTokens, 30);
        Value(summary, MetricCatalogue.OutputTokenThroughput, 30 / 60.75);
        Value(summary, MetricCatalogue.TotalTokenThroughput, 1030 / 60.75);
        Value(summary, MetricCatalogue.RequestThroughput, 4 / 60.75);
        Value(summary, MetricCatalogue.OfferedRequestRate, 5 / 60.2);
        Value(summary, MetricCatalogue.MeanConcurrency, 1.47 / 60.75);
        Value(summary, MetricCatalogue.PrefixCacheReuse, 0.35);
        Value(summary, MetricCatalogue.Preemptions, 2);
        Value(summary, MetricCatalogue.EngineSteps, 50);
        Value(summary, MetricCatalogue.GpuHours, 2 * 2 * 60.75 / 3600);
        Value(summary, MetricCatalogue.Cost, 3 * 2 * 2 * 60.75 / 3600);
        Value(summary, MetricCatalogue.CostPerMillionOutputTokens, 3 * 2 * 2 * 60.75 / 3600 / 30 * 1e6);
        Value(summary, MetricCatalogue.RunningPeak, 1);
        Value(summary, MetricCatalogue.WaitingPeak, 1);
        Value(summary, MetricCatalogue.KvCacheUsagePeak, 0.5);

        // Replica 0: 4 blocks for 190 ms, 6 for 210 ms, 8 for 600 ms. Replica 1: 5 for 370 ms, 10 for 450 ms. Of 20 blocks each.
        Value(summary, MetricCatalogue.KvCacheUsageMean, (4 * 190 + 6 * 210 + 8 * 600 + 5 * 370 + 10 * 450) / 60750.0 / 20 / 2);
        Value(summary, MetricCatalogue.RunningMean, (400 + 600 + 370 + 450) / 60750.0 / 2);
        Value(summary, MetricCatalogue.WaitingMean, (10 + 100) / 60750.0 / 2);
        Value(summary, MetricCatalogue.ReplicaBusy, 1.8 / 60.75 / 2);
        Assert.Null(summary.ValueOf(MetricCatalogue.Goodput));
        Assert.Null(summary.Slo);
        Assert.False(summary.Partial);

        var gaps = summary.DistributionOf(MetricCatalogue.InterTokenGap)!;
        Assert.Equal(26, gaps.Count);
        Assert.Equal(670.0 / 26, gaps.Mean, 12);
        Assert.Equal(20, gaps.At(50), 20 * 0.001);
        Assert.Equal(50, gaps.At(99), 50 * 0.001);
    }

    [Fact]
    public void Build_WantedDistributions_AreThoseOfTheWholeSummary()
    {
        var run = FakeRun.Small();
        var all = SummaryBuilder.Build(run, Context(Slo));
        var few = SummaryBuilder.Build(run, Context(Slo) with
        {
            Wanted =
            [
                new WantedDistribution(MetricCatalogue.TimeToFirstToken, [99, 50]),
                new WantedDistribution(MetricCatalogue.RequestLatency, []),
                new WantedDistribution(MetricCatalogue.InterTokenGap, [90]),
                new WantedDistribution(MetricCatalogue.GpuHours, []),
            ],
        });

        // Time per output token is inter-token latency, which the SLO is about, under another name.
        MetricDefinition[] there = [MetricCatalogue.TimeToFirstToken, MetricCatalogue.RequestLatency, MetricCatalogue.InterTokenLatency, MetricCatalogue.TimePerOutputToken, MetricCatalogue.InterTokenGap, MetricCatalogue.OutputTokenThroughputPerUser];
        Assert.Equal(there, few.Distributions.Select(d => d.Metric));
        foreach (var (metric, values) in few.Distributions)
        {
            var whole = all.Distributions.Single(d => d.Metric == metric).Values;
            Assert.Equal(values with { Percentiles = whole.Percentiles }, whole);
            Assert.All(values.Percentiles, p => Assert.Equal(whole.At(p.P), p.Value));
        }

        Assert.Equal([50.0, 95, 99], few.Distributions[0].Values.Percentiles.Select(p => p.P));
        Assert.Equal(all.Values, few.Values);
        Assert.Equal(all.Slo!.Targets, few.Slo!.Targets);
    }

    [Fact]
    public void Build_SmallRun_CountsEveryRequestOnce()
    {
        var counts = SummaryBuilder.Build(FakeRun.Small(), Context()).Requests;
        Assert.Equal((6, 0, 3, 1, 1, 1, 0), (counts.Total, counts.WarmUp, counts.Completed, counts.Truncated, counts.Rejected, counts.Aborted, counts.Unfinished));
        Assert.Equal(counts.Measured, counts.Answered + counts.Failed);
    }

    [Fact]
    public void Build_Traffic_ConservesRequestsTokensAndTime()
    {
        var result = FakeRun.Traffic(requests: 800, workers: 3, seconds: 300);
        var summary = SummaryBuilder.Build(result, Context());
        Assert.Equal(800, summary.Requests.Completed);
        Assert.Equal(800, summary.Timeline.Arrivals.Sum());
        Assert.Equal(800, summary.Timeline.Completions.Sum());
        Assert.Equal(summary.ValueOf(MetricCatalogue.TotalOutputTokens), summary.Timeline.OutputTokens.Sum());
        Assert.Equal(summary.ValueOf(MetricCatalogue.TotalOutputTokens), summary.Replicas.Sum(r => r.OutputTokens));
        Assert.Equal(summary.Requests.Completed, summary.Replicas.Sum(r => r.Requests));

        // Little's law, twice over: time in system from the table against occupancy from the timelines.
        var inSystem = summary.Replicas.Sum(r => r.RunningMean + r.WaitingMean) * summary.SimulatedSeconds;
        var latency = summary.DistributionOf(MetricCatalogue.RequestLatency)!.Sum / 1000;
        Assert.Equal(latency, inSystem, latency * 1e-9);
        Assert.Equal(summary.Replicas.Sum(r => r.OutputTokens) - summary.Requests.Completed, summary.DistributionOf(MetricCatalogue.InterTokenGap)!.Count);
    }

    [Fact]
    public void Build_WarmUp_LeavesTheFirstRequestsOut()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small() with { WarmUpRequests = 2 }, Context());
        Equal(summary, MetricCatalogue.TimeToFirstToken, [300, 200]);
        Value(summary, MetricCatalogue.BenchmarkDuration, 60.65);
        Assert.Equal((6, 2, 1, 1), (summary.Requests.Total, summary.Requests.WarmUp, summary.Requests.Completed, summary.Requests.Truncated));
    }

    [Fact]
    public void Build_EverythingIsWarmUp_HasNoMetrics()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small() with { WarmUpRequests = 100 }, Context(Slo));
        Assert.DoesNotContain(summary.Distributions, d => d.Metric.Kind == MetricKind.PerRequest);
        Assert.Null(summary.ValueOf(MetricCatalogue.RequestThroughput));
        Assert.Equal(SloVerdict.Undecided, summary.Slo!.Verdict);
    }

    [Fact]
    public void Build_NoRequests_HasNoMetricsAndNoVerdict()
    {
        var summary = SummaryBuilder.Build(FakeRun.Empty(), Context(Slo));
        Assert.Empty(summary.Distributions);
        Assert.Equal(0, summary.SimulatedSeconds);
        Assert.Equal(SloVerdict.Undecided, summary.Slo!.Verdict);
        Assert.Equal(0, summary.Slo.JudgedMinutes);
    }

    [Fact]
    public void Build_WithSlo_JudgesTargetsRequestsAndMinutes()
    {
        var slo = SummaryBuilder.Build(FakeRun.Small(), Context(Slo)).Slo!;

        // TTFT 100, 200, 200, 300: p95 lies at position 2.85, so 285 > 250. Speeds 20, 50, 100: p5 lies at 0.1, so 23 >= 20.
        Assert.Equal(285, slo.Targets[0].Value, 9);
        Assert.Equal(SloVerdict.Missed, slo.Targets[0].Verdict);
        Assert.Equal(23, slo.Targets[1].Value, 9);
        Assert.Equal(SloVerdict.Met, slo.Targets[1].Verdict);
        Assert.Equal(80.0 / 3, slo.Targets[2].Value, 9);
        Assert.Equal(SloVerdict.Met, slo.Targets[2].Verdict);
        Assert.Equal(SloVerdict.Missed, slo.Verdict);
        Assert.Equal(2.0 / 6, slo.FailedFraction, 12);

        // Minute 0 holds rows 0 to 3: p95 TTFT of 100, 200, 300 is 290 > 250. Minute 1 holds rows 4 and 5: its ITL of 50 > 40.
        Assert.Equal([0, 1], slo.BadMinutes);
        Assert.Equal(2, slo.JudgedMinutes);
    }

    [Fact]
    public void Build_WithSlo_CountsGoodRequestsLikeAiperf()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small(), Context(Slo));

        // Rows 0 and 1 meet all bounds; row 2 has one token and so no speed; row 4 is too slow; rows 3 and 5 have no answer.
        Value(summary, MetricCatalogue.GoodRequestCount, 2);
        Value(summary, MetricCatalogue.GoodRequestFraction, 2.0 / 6);
        Value(summary, MetricCatalogue.Goodput, 2 / 60.75);
    }

    [Fact]
    public void Build_TooManyFailures_MissesTheSloHoweverFastTheRest()
    {
        var slo = new SloSpec { Targets = [new SloTarget { Metric = "time_to_first_token", Percentile = 99, Bound = 1e9 }] };
        var result = SummaryBuilder.Build(FakeRun.Small(), Context(slo)).Slo!;
        Assert.Equal(SloVerdict.Met, result.Targets[0].Verdict);
        Assert.Equal(SloVerdict.Missed, result.Verdict);
        Assert.Equal([0, 1], result.BadMinutes);
    }

    [Fact]
    public void Build_SloWithMistakes_NamesEveryOne()
    {
        var slo = new SloSpec
        {
            Targets =
            [
                new SloTarget { Metric = "time_to_frist_token", Percentile = 95, Bound = 1 },
                new SloTarget { Metric = "input_sequence_length", Bound = 1 },
                new SloTarget { Metric = "time_to_first_token", Percentile = 101, Bound = double.NaN },
                new SloTarget { Metric = "request_throughput", Percentile = 50, Bound = 1 },
            ],
            RequestBounds = [new SloRequestBound("inter_token_gap", 5)],
            FailedFractionMax = 2,
        };
        var problems = Assert.Throws<InputException>(() => SummaryBuilder.Build(FakeRun.Small(), Context(slo))).Problems;
        Assert.Equal(
            ["slo.targets[0].metric", "slo.targets[1].metric", "slo.targets[2].bound", "slo.targets[2].percentile", "slo.targets[3].percentile", "slo.request_bounds[0].metric", "slo.failed_fraction_max"],
            problems.Select(p => p.Place));
    }

    [Theory]
    [InlineData(StopReason.Interrupted)]
    [InlineData(StopReason.TimeLimit)]
    public void Build_StoppedRun_IsPartial(StopReason reason)
    {
        var summary = SummaryBuilder.Build(FakeRun.Small(reason), Context());
        Assert.True(summary.Partial);
        Assert.Equal(1, summary.Requests.Unfinished);
    }

    [Fact]
    public void Build_WallClock_IsSimulatedWorkPerRealSecond()
    {
        var clock = SummaryBuilder.Build(FakeRun.Small(), Context()).WallClock!;
        Assert.Equal(60.75 / 0.0125, clock.SimulatedSecondsPerSecond, 6);
        Assert.Equal(6 / 0.0125, clock.RequestsPerSecond, 6);
        Assert.Equal(30 / 0.0125, clock.OutputTokensPerSecond, 6);
        Assert.Equal((2400 + 30) / 0.0125, clock.TokensPerSecond, 6);
        Assert.Equal(50 / 0.0125, clock.StepsPerSecond, 6);
    }

    private static void Value(RunSummary summary, MetricDefinition metric, double expected) =>
        Assert.Equal(expected, summary.ValueOf(metric)!.Value, Math.Abs(expected) * 1e-12 + 1e-15);

    private static void Equal(RunSummary summary, MetricDefinition metric, double[] values) =>
        NaiveStatistics.AssertEqual(values, summary.DistributionOf(metric)!);
}
