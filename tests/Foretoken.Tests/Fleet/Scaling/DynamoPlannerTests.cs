using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Scaling;

public sealed class DynamoPlannerTests
{
    // 1000 prompt tokens take 100 ms; a pass of answers 10 ms and 1 ms per 1000 tokens held.
    private static readonly PoolFacts Facts = new()
    {
        Name = "agg", MaxBatchedTokens = 2000, MaxSequences = 64, MaxKvTokens = 100_000, ContextLength = 8000, Steps = new Passes(),
    };

    private static readonly DynamoPlannerOptions LoadOnly = new() { Target = PlannerTarget.Sla, Ttft = 500, Itl = 50, ThroughputLoop = false, LoadLoop = true, GpuBudget = 8 };

    [Fact]
    public void EasyThresholds_AnyReplicaFull_AddsOne_AllBelow_RemovesOne()
    {
        var views = new Views { Facts = Facts };
        var planner = new DynamoPlanner(new DynamoPlannerOptions());
        Assert.Equal(3, Views.One(planner, views.Scrape(5, [Kv(99_000, queued: 1001), Kv(10)]).At(5, 2)));
        Assert.Equal(2, Views.One(planner, views.Scrape(10, [Kv(60_000), Kv(10)]).At(10, 2)));
        Assert.Equal(1, Views.One(planner, views.Scrape(15, [Kv(59_999), Kv(10)]).At(15, 2)));

        var latency = new DynamoPlanner(new DynamoPlannerOptions { Target = PlannerTarget.Latency });
        Assert.Equal(3, Views.One(latency, views.Scrape(20, [Kv(40_001), Kv(10)]).At(5, 2)));
    }

    [Fact]
    public void EasyThresholds_Prefill_LooksAtTheQueueOverTheContextLength()
    {
        var views = new Views { Facts = Facts with { Work = PoolWork.Prefill } };
        var planner = new DynamoPlanner(new DynamoPlannerOptions());
        Assert.Equal(3, Views.One(planner, views.Scrape(5, [Kv(0, queued: 8000), Kv(0)]).At(5, 2)));
        Assert.Equal(2, Views.One(planner, views.Scrape(10, [Kv(0, queued: 800), Kv(0)]).At(10, 2)));
        Assert.Equal(1, Views.One(planner, views.Scrape(15, [Kv(0, queued: 799), Kv(0)]).At(15, 2)));
    }

    [Fact]
    public void Load_EveryEngineTooSlow_AddsOne_OneFast_DoesNot()
    {
        // A queue of 5000 and nothing known of prompts: chunks of 2000, 2000, 1000: 500 ms plus three passes of 10 ms: over 500.
        var views = new Views { Facts = Facts };
        Assert.Equal(3, Views.One(new DynamoPlanner(LoadOnly), views.Scrape(5, [Kv(0, queued: 5000), Kv(0, queued: 5000)]).At(5, 2)));
        Assert.Equal(2, Views.One(new DynamoPlanner(LoadOnly), views.Scrape(10, [Kv(0, queued: 5000), Kv(0, queued: 4000)]).At(10, 2)));
    }

    [Fact]
    public void Load_ShrinksOnlyIfTheOthersCouldTakeTheLoad()
    {
        // Two replicas, each 14,500 tokens held: alone one would hold 29,000: 10 + 29 = 39 ms < 0.8 x 50. With 15,500: 41 ms.
        // (No request runs, so a pass adds no length of its own.)
        var views = new Views { Facts = Facts };
        Assert.Equal(1, Views.One(new DynamoPlanner(LoadOnly), views.Scrape(5, [Kv(14_500), Kv(14_500)]).At(5, 2)));
        Assert.Equal(2, Views.One(new DynamoPlanner(LoadOnly), views.Scrape(10, [Kv(15_500), Kv(15_500)]).At(10, 2)));
    }

    [Fact]
    public void Load_WhileAnythingStarts_OnlyWatches()
    {
        var views = new Views { Facts = Facts };
        Assert.Equal(3, Views.One(new DynamoPlanner(LoadOnly), views.Scrape(5, [Kv(0, queued: 50_000), Kv(0, queued: 50_000)]).At(5, 2, starting: 1)));
    }

    [Fact]
    public void Throughput_PrefillAndDecode_AreDemandOverRates()
    {
        // 1800 requests in 180 s: 10/s. Prefill: 1000 tokens 110 ms -> 9.09/s -> 2. Decode: context 1000 + 200 / 2 = 1100; 50 ms allows
        // 40,000 tokens: batch 36 (49.6 ms), 36 / (200 x 0.0496) = 3.629/s -> 3.
        var options = new DynamoPlannerOptions { Target = PlannerTarget.Sla, Predictor = () => new ConstantForecast(), GpuBudget = 0 };
        var view = Disaggregated(options, 1800, 1000, 200);
        Assert.Equal([2, 3], new DynamoPlanner(options).Decide(view).Targets);
    }

    [Fact]
    public void Throughput_BeyondTheBudget_IsClampedInProportion()
    {
        // Ten times the demand wants 11 + 28 = 39 GPUs; a budget of 8: floor(11 x 8 / 39) = 2 and the rest, 6.
        var options = new DynamoPlannerOptions { Target = PlannerTarget.Sla, Predictor = () => new ConstantForecast(), GpuBudget = 8 };
        Assert.Equal([2, 6], new DynamoPlanner(options).Decide(Disaggregated(options, 18_000, 1000, 200)).Targets);
    }

    [Fact]
    public void Throughput_WithLoadLoop_OnlySetsAFloor()
    {
        // The floor of 3 (10/s over the joint rate) lifts a load loop that wants to shrink from 3.
        var options = LoadOnly with { ThroughputLoop = true, Predictor = () => new ConstantForecast(), GpuBudget = 0, ThroughputInterval = SimDuration.FromSeconds(10) };
        var planner = new DynamoPlanner(options);
        var views = new Views { Facts = Facts };
        views.Scrape(5, [Kv(0), Kv(0), Kv(0)]);
        Assert.Equal(2, Views.One(planner, views.At(5, 3)));
        views.Scrape(10, [Kv(0), Kv(0), Kv(0)], arrived: 100, finished: 100, input: 100_000, output: 20_000);
        var floor = Views.One(planner, views.At(10, 3));
        Assert.True(floor > 2, $"{floor}");
        views.Scrape(15, [.. Enumerable.Repeat(Kv(0), floor)], arrived: 150, finished: 150, input: 150_000, output: 30_000);
        Assert.Equal(floor, Views.One(planner, views.At(15, floor)));
    }

    private static ScalingView Disaggregated(DynamoPlannerOptions options, long requests, long isl, long osl)
    {
        var seconds = options.ThroughputInterval.TotalSeconds;
        PoolView Pool(PoolWork work) => new Views { Facts = Facts with { Name = work.ToString(), Work = work } }
            .Scrape(seconds, [Kv(0)], arrived: requests, finished: requests, input: requests * isl, output: requests * osl).Pool(1);
        return new() { Now = SimTime.FromSeconds(seconds), Pools = [Pool(PoolWork.Prefill), Pool(PoolWork.Decode)] };
    }

    private static ReplicaGauges Kv(long tokens, long queued = 0) => new() { KvTokens = tokens, QueuedPromptTokens = queued };

    private sealed class Passes : IStepEstimate
    {
        public double Milliseconds(double prefillTokens, double decodeRequests, double decodeKvTokens) => 10 + 0.1 * prefillTokens + 0.001 * decodeKvTokens;
    }
}
