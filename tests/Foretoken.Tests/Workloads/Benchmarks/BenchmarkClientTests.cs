using Foretoken.Quantities;
using Foretoken.Tests.Workloads.Requests;
using Foretoken.Workloads.Benchmarks;
using Foretoken.Workloads.Benchmarks.Clients;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Workloads.Benchmarks;

/// <summary>What each tool's client sends, played against a fleet in which a request takes a random time.</summary>
public sealed class BenchmarkClientTests
{
    private static readonly DistributionSpec Length = DistributionSpec.Fixed(64);

    public static TheoryData<string> Tools => ["inferencex", "vllm-bench", "sglang-bench", "aiperf", "genai-perf", "inference-perf"];

    [Theory]
    [MemberData(nameof(Tools))]
    public void Play_CappedTool_ReachesItsCapAndNeverExceedsIt(string tool)
    {
        var most = 0;
        Play(Capped(tool, 7), 5, (_, n) => most = Math.Max(most, n));
        Assert.Equal(7, most);
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public void Play_SameSeed_SendsTheSameAndAnotherSeedSomethingElse(string tool)
    {
        var first = Play(Capped(tool, 7), 5).Select(Shown);
        Assert.Equal(first, Play(Capped(tool, 7), 5).Select(Shown));
        Assert.NotEqual(first, Play(Capped(tool, 7), 6).Select(Shown));
    }

    [Fact]
    public void InferenceX_Defaults_TestRunThenTwoWarmUpsAndTenPromptsPerSlot()
    {
        var options = new InferenceX { MaxConcurrency = 8, RandomInputLen = 1000, RandomOutputLen = 500 };
        var played = Play(options, 1);
        Assert.Equal(1 + 16 + 80, played.Count);
        Assert.Equal(17, options.ToPlan().WarmUpRequests);

        // The test run is alone, the warm-ups and the run begin with a burst once everything before has ended.
        Assert.Equal(played[0].End, played[1].Request.Arrival);
        Assert.Equal(8, played.Skip(1).Count(p => p.Request.Arrival == played[0].End));
        var drained = played.Take(17).Max(p => p.End);
        Assert.Equal(8, played.Skip(17).Count(p => p.Request.Arrival == drained));
        Assert.All(played.Skip(17), p => Assert.True(p.Request.Arrival >= drained));

        var run = played.Skip(17).Select(p => p.Request).ToList();
        Assert.All(run, r => Assert.InRange(r.InputTokens, 800, 1000));
        Assert.All(run, r => Assert.InRange(r.OutputTokens, 400, 500));
        Assert.All(played.Take(17), p => Assert.Equal((run[0].InputTokens, run[0].OutputTokens), (p.Request.InputTokens, p.Request.OutputTokens)));
        Assert.True(run.Select(r => r.InputTokens).Distinct().Count() > 20);
    }

    [Fact]
    public void InferenceX_ManyRequests_LengthsAreUniformIncludingBothEnds()
    {
        var lengths = Play(new InferenceX { MaxConcurrency = 100, RandomInputLen = 10, RandomOutputLen = 10, NumPrompts = 6000 }, 1).Skip(201).Select(p => p.Request.InputTokens).ToList();
        Assert.Equal([8, 9, 10], lengths.Distinct().Order());
        Assert.All(lengths.GroupBy(l => l), g => Assert.InRange(g.Count(), 1850, 2150));
    }

    [Fact]
    public void VllmBench_RangeRatio_SpreadsAroundTheMiddle()
    {
        var requests = Play(new VllmBench { RandomInputLen = 10, RandomOutputLen = 5, RandomRangeRatio = 0.25, ReadyCheckTimeoutSec = 0 }, 1);
        Assert.Equal(1000, requests.Count);
        Assert.Equal(Enumerable.Range(7, 7), requests.Select(p => p.Request.InputTokens).Distinct().Order()); // floor 7.5 to ceil 12.5
        Assert.Equal(Enumerable.Range(3, 5), requests.Select(p => p.Request.OutputTokens).Distinct().Order()); // floor 3.75 to ceil 6.25
        Assert.All(requests, p => Assert.Equal(SimTime.Zero, p.Request.Arrival));
    }

    [Fact]
    public void VllmBench_FiniteRate_LastRequestIsDueAtCountOverRate()
    {
        var requests = Play(new VllmBench { NumPrompts = 200, RequestRate = 4, Burstiness = 0.5, ReadyCheckTimeoutSec = 0 }, 1).Select(p => p.Request).ToList();
        Assert.Equal(50, requests[^1].Arrival.TotalSeconds, 6);
        Assert.True(requests[0].Arrival > SimTime.Zero);
        var equal = Play(new VllmBench { NumPrompts = 8, RequestRate = 4, Burstiness = double.PositiveInfinity, ReadyCheckTimeoutSec = 0 }, 1);
        Assert.Equal(Enumerable.Range(1, 8).Select(i => i * 250L), equal.Select(p => p.Request.Arrival.Nanoseconds / 1_000_000));
    }

    [Fact]
    public void VllmBench_PrefixRepetition_SharesEachPrefixEquallyOften()
    {
        var source = new VllmBench { PrefixRepetition = true, NumPrompts = 105, PrefixRepetitionNumPrefixes = 10, PrefixRepetitionPrefixLen = 100 }.CreateSource(3);
        var requests = Players.Play(source, _ => new SimDuration(1)).Skip(1).Select(p => p.Request).ToList();
        Assert.Equal(100, requests.Count); // 105 divided by 10 prefixes
        var groups = requests.GroupBy(r => r.Content.Path.Span[0]).ToList();
        Assert.Equal(10, groups.Count);
        Assert.All(groups, g => Assert.Equal(10, g.Count()));
        Assert.All(requests, r => Assert.Equal(356, r.InputTokens));
        Assert.All(requests.Where(r => r.Content.Path.Length == 1), r => Assert.Equal(100, r.Content.KnownTokens));
        Assert.Equal(10, source.Tree!.Starts.ToArray().Count(s => s == 0));
        Assert.NotEqual(requests.Take(10).Select(r => r.Content.Path.Span[0]), Enumerable.Range(0, 10));
    }

    [Fact]
    public void SglangBench_DefaultRatio_DrawsFromOneTokenUpAndWarmsUpShortly()
    {
        var played = Play(new SglangBench { RandomInputLen = 4, RandomOutputLen = 400, WarmupRequests = 2 }, 1);
        Assert.Equal(1002, played.Count);
        Assert.All(played.Take(2), p => Assert.InRange(p.Request.OutputTokens, 1, 32));
        Assert.Equal([1, 2, 3, 4], played.Skip(2).Select(p => p.Request.InputTokens).Distinct().Order());
        Assert.Equal(played.Take(2).Max(p => p.End) + SimDuration.FromSeconds(1), played[2].Request.Arrival);
    }

    [Fact]
    public void SglangBench_GeneratedSharedPrefix_SendsEveryPromptOnce()
    {
        var requests = Play(new SglangBench { GeneratedSharedPrefix = true, GspNumGroups = 4, GspPromptsPerGroup = 5, WarmupRequests = 0 }, 1).Select(p => p.Request).ToList();
        Assert.Equal(20, requests.Count);
        Assert.All(requests.GroupBy(r => r.Content.HashIds.Span[0]), g => Assert.Equal(5, g.Count()));
    }

    [Fact]
    public void AiPerf_MoreRequestsThanEntries_RepeatsWholePrompts()
    {
        var requests = Play(new AiPerf { Osl = 10, Isl = 100, IslStddev = 30, Concurrency = 4, RequestCount = 30, NumDatasetEntries = 10 }, 1).Select(p => p.Request).ToList();
        var byPrompt = requests.GroupBy(r => r.Content.Path.Span[^1]).ToList();
        Assert.Equal(10, byPrompt.Count);
        Assert.All(byPrompt, g => Assert.Equal(3, g.Count()));
        Assert.All(byPrompt, g => Assert.Single(g.Select(r => (r.InputTokens, r.OutputTokens)).Distinct()));
        Assert.All(requests, r => Assert.Equal(r.InputTokens, r.Content.KnownTokens));

        // Every pass has its own order.
        Assert.Equal(10, requests.Take(10).Select(r => r.Content.Path.Span[^1]).Distinct().Count());
        Assert.NotEqual(requests.Take(10).Select(r => r.InputTokens), requests.Skip(10).Take(10).Select(r => r.InputTokens));
    }

    [Fact]
    public void AiPerf_CapUnderARate_LosesTheTimeItWasHeldBack()
    {
        // One slot, service 1 s, a request due every 0.5 s: each one's gap only starts when the one before was sent.
        var options = new AiPerf { Osl = 10, Concurrency = 1, RequestRate = 2, Smoothness = double.PositiveInfinity, RequestCount = 4 };
        var source = options.CreateSource(1);
        var played = Players.Play(source, _ => SimDuration.FromSeconds(1));
        Assert.Equal([500L, 1500, 2500, 3500], played.Select(p => p.Request.Arrival.Nanoseconds / 1_000_000));

        // Service 1 s for the first only, then 0.1 s: a tool that catches up would send the third at once.
        played = Players.Play(options.CreateSource(1), r => SimDuration.FromSeconds(r.Index == 0 ? 1 : 0.1));
        Assert.Equal([500L, 1500, 2000, 2500], played.Select(p => p.Request.Arrival.Nanoseconds / 1_000_000));
    }

    [Fact]
    public void GenAiPerf_Rate_SendsAtEqualGapsInTheOrderOfItsEntries()
    {
        var requests = Play(new GenAiPerf { OutputTokensMean = 10, SyntheticInputTokensStddev = 50, RequestRate = 10, RequestCount = 6, NumDatasetEntries = 3 }, 1).Select(p => p.Request).ToList();
        Assert.Equal([100L, 200, 300, 400, 500, 600], requests.Select(r => r.Arrival.Nanoseconds / 1_000_000));
        Assert.Equal(requests.Take(3).Select(r => r.InputTokens), requests.Skip(3).Select(r => r.InputTokens));
    }

    [Fact]
    public void InferencePerf_ConstantStage_SendsTheWholePartOfRateTimesDurationEndingAtItsEnd()
    {
        var options = Stages(1000, (10.55, 10), (5, 2));
        var played = Play(options, 1, fast: true);
        Assert.Equal(105 + 10, played.Count);
        Assert.Equal(10, played[104].Request.Arrival.TotalSeconds, 6);
        var gaps = Enumerable.Range(1, 104).Select(i => (played[i].Request.Arrival - played[i - 1].Request.Arrival).TotalSeconds).ToList();
        Assert.True(gaps.Max() > 3 * gaps.Average(), "constant arrivals are exponential gaps, not equal ones");

        // The second stage begins an interval after the first is answered.
        var answered = played.Take(105).Max(p => p.End);
        Assert.InRange((played[105].Request.Arrival - answered).TotalSeconds, 1, 3);
        Assert.Equal((answered + SimDuration.FromSeconds(3)).TotalSeconds, played[114].Request.Arrival.TotalSeconds, 6);
    }

    [Fact]
    public void InferencePerf_Overload_SaturatesAtWorkersTimesConcurrency()
    {
        var most = 0;
        var source = Stages(2, (1000, 1)).CreateSource(1);
        Players.Play(source, _ => SimDuration.FromSeconds(1), (_, n) => most = Math.Max(most, n));
        Assert.Equal(88, most); // 44 workers of 2
        Assert.True(((BenchmarkSource)source).LongestDelay > SimDuration.FromSeconds(9));
    }

    [Fact]
    public void InferencePerf_SharedPrefix_GoesThroughItsPromptsAgainAndAgain()
    {
        var requests = Play(Stages(100, (50, 10)), 1).Select(p => p.Request).ToList();
        Assert.Equal(500, requests.Count);
        Assert.Equal(100, requests.Select(r => r.Content.Path.Span[1]).Distinct().Count());
        Assert.Equal(10, requests.Select(r => r.Content.Path.Span[0]).Distinct().Count());
        Assert.All(requests, r => Assert.Equal((192, 192), (r.InputTokens, r.Content.KnownTokens)));
    }

    [Fact]
    public void InferencePerf_Poisson_HasARandomNumberInEverySecond()
    {
        var requests = Play(Stages(1000, (20, 100)) with { Poisson = true }, 1, fast: true).Select(p => p.Request).ToList();
        Assert.Equal(2000, requests.Count);
        var counts = requests.GroupBy(r => (long)Math.Ceiling(r.Arrival.TotalSeconds - 1e-9)).Select(g => (double)g.Count()).SkipLast(1).ToList();
        Assert.InRange(counts.Average(), 18, 22);
        Assert.InRange(counts.Average(c => (c - 20) * (c - 20)), 10, 35); // a Poisson number's variance is its mean
    }

    [Fact]
    public void MlperfServer_ShortCount_GoesOnForTheLeastTime()
    {
        var requests = Players.Drain(new MlperfServer { TargetQps = 50, MinDuration = SimDuration.FromSeconds(60), Input = Length, Output = Length }.CreateSource(1));
        Assert.Equal(SimTime.Zero, requests[0].Arrival);
        Assert.InRange(requests.Count, 2800, 3200);
        Assert.True(requests[^1].Arrival.TotalSeconds >= 60 && requests[^2].Arrival.TotalSeconds < 60);
        Assert.Equal(100, Players.Drain(new MlperfServer { TargetQps = 50, MinDuration = SimDuration.Zero, Input = Length, Output = Length }.CreateSource(1)).Count);
    }

    [Fact]
    public void Validate_EverythingWrong_NamesEveryFlag()
    {
        var bad = Assert.Throws<InputException>(() => new InferenceX { MaxConcurrency = 0, RandomInputLen = 0, RandomOutputLen = 0, RandomRangeRatio = 2, NumPrompts = 0, NumWarmups = -1, RequestRate = 0, Burstiness = -1, RandomPrefixLen = -1 }.CreateSource(1));
        Assert.Equal(
            ["burstiness", "max_concurrency", "num_prompts", "num_warmups", "random_input_len", "random_output_len", "random_prefix_len", "random_range_ratio", "request_rate"],
            bad.Problems.Select(p => p.Place["workload.".Length..]).Order(StringComparer.Ordinal));
        Assert.Contains(new VllmBench { RandomRangeRatio = 1 }.Validate(), p => p.Place == "workload.random_range_ratio");
        Assert.Contains(new AiPerf { Osl = 1, PrefixPromptLength = 5 }.Validate(), p => p.Place == "workload.prefix_prompt_length");
        Assert.Contains(new InferencePerf { Stages = [new() { Rate = 0.1, Duration = SimDuration.FromSeconds(1) }], NumWorkers = 1, Input = Length, Output = Length }.Validate(), p => p.Place == "workload.stages[0]");
    }

    private static string Shown(Players.Played p) => $"{p.Request.Arrival} {p.Request.InputTokens} {p.Request.OutputTokens}";

    private static InferencePerf Stages(int perWorker, params (double Rate, double Seconds)[] stages) => new()
    {
        Stages = [.. stages.Select(s => new InferencePerfStage { Rate = s.Rate, Duration = SimDuration.FromSeconds(s.Seconds) })],
        NumWorkers = 44,
        WorkerMaxConcurrency = perWorker,
        NumGroups = 10,
        SystemPromptLen = 128,
        Input = Length,
        Output = Length,
    };

    private static BenchmarkOptions Capped(string tool, int cap) => tool switch
    {
        "inferencex" => new InferenceX { MaxConcurrency = cap, RandomInputLen = 100, RandomOutputLen = 100 },
        "vllm-bench" => new VllmBench { MaxConcurrency = cap, RequestRate = 50, NumPrompts = 100, RandomRangeRatio = 0.5 },
        "sglang-bench" => new SglangBench { MaxConcurrency = cap, NumPrompts = 100 },
        "aiperf" => new AiPerf { Concurrency = cap, Osl = 50, RequestCount = 100, IslStddev = 100, WarmupRequestCount = 10 },
        "genai-perf" => new GenAiPerf { Concurrency = cap, OutputTokensMean = 50, SyntheticInputTokensStddev = 10, RequestCount = 100, WarmupRequestCount = 10 },
        _ => Stages(1, (200, 2)) with { NumWorkers = cap },
    };

    private static List<Players.Played> Play(BenchmarkOptions options, ulong seed, Action<SimTime, int>? inFlight = null, bool fast = false)
    {
        var random = new RandomStream(1, StreamId.Test);
        return Players.Play(options.CreateSource(seed), _ => new SimDuration(fast ? 1 : 50_000_000 + random.NextInt(100_000_000)), inFlight);
    }
}
