using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Scaling;

public sealed class ReactiveScalerTests
{
    private static SimDuration Seconds(double s) => SimDuration.FromSeconds(s);

    [Fact]
    public void Keda_IdleForTheCooldown_GoesToZero_AndWakesOnActivity()
    {
        var keda = new KedaScaler(new KedaOptions { Hpa = new HpaOptions { Target = 10 } });
        var views = new Views();
        Assert.Equal(1, Views.One(keda, views.Scrape(15, 5).At(15, 1, minimum: 0)));
        for (var t = 30; t < 300; t += 15)
        {
            Assert.Equal(1, Views.One(keda, views.Scrape(t, 0).At(t, 1, minimum: 0)));
        }

        // Active last at the poll of second 15; 300 s later the next poll finds the cooldown over.
        Assert.Equal(0, Views.One(keda, views.Scrape(315, 0).At(315, 1, minimum: 0)));
        views.Scrape(330, []);
        Assert.Equal(0, Views.One(keda, views.At(330, 0, minimum: 0)));
        views.Scrape(345, [], held: 1);
        Assert.Equal(1, Views.One(keda, views.At(345, 0, minimum: 0, held: 1)));
    }

    [Fact]
    public void Knative_StableLoad_IsCeilingOfConcurrencyOverTarget()
    {
        // Target 100 x 70 % = 70; 150 in flight over a minute: ceil(150 / 70) = 3. One replica at the start: no panic, as 3 / 2 < 2.
        var knative = new KnativeScaler(new KnativeOptions());
        var views = new Views();
        for (var t = 1; t <= 60; t++)
        {
            views.Scrape(t, 75, 75);
        }

        Assert.Equal(3, Views.One(knative, views.At(60, 2)));
    }

    [Fact]
    public void Knative_ASurge_PanicsAndDoesNotShrinkUntilAStableWindowLater()
    {
        var knative = new KnativeScaler(new KnativeOptions());
        var views = new Views();
        for (var t = 1; t <= 60; t++)
        {
            views.Scrape(t, 10);
        }

        Assert.Equal(1, Views.One(knative, views.At(60, 1)));
        for (var t = 61; t <= 66; t++)
        {
            views.Scrape(t, 300);
        }

        // The quick window of 6 s holds 300: ceil(300 / 70) = 5 of 1 ready, five times: panic. The stable one: ceil((54 x 10 + 6 x 300) / 60 / 70) = 1.
        Assert.Equal(5, Views.One(knative, views.At(66, 1)));
        for (var t = 67; t <= 128; t++)
        {
            views.Scrape(t, 2, 2, 2, 2, 2);
            var target = Views.One(knative, views.At(t, 5));

            // The short window still holds the surge at first; the panic ends a stable window after it last was over: at most by second 72 + 60.
            Assert.True(target == 5 || t > 126, $"{target} at {t}");
        }

        // ceil(10 / 70) = 1, but at most halved: floor(5 / 2) = 2.
        views.Scrape(140, 2, 2, 2, 2, 2);
        Assert.Equal(2, Views.One(knative, views.At(140, 5)));
    }

    [Fact]
    public void Knative_Idle_KeepsTheLastReplicaForTheGrace()
    {
        var knative = new KnativeScaler(new KnativeOptions());
        var views = new Views();
        for (var t = 1; t <= 62; t++)
        {
            views.Scrape(t, 0);
        }

        Assert.Equal(1, Views.One(knative, views.At(62, 1, minimum: 0)));
        Assert.Equal(1, Views.One(knative, views.Scrape(90, 0).At(90, 1, minimum: 0)));
        Assert.Equal(0, Views.One(knative, views.Scrape(92, 0).At(92, 1, minimum: 0)));
    }

    [Fact]
    public void AibrixApa_BeyondTolerance_IsRatioCappedAtDouble()
    {
        AibrixScaler New() => new(new AibrixOptions { Target = 10 });
        Assert.Equal(4, Views.One(New(), new Views().Scrape(10, 13, 13, 13).At(10, 3)));   // ceil(3 x 1.3)
        Assert.Equal(6, Views.One(New(), new Views().Scrape(10, 90, 90, 90).At(10, 3)));   // ceil(27) capped at 2 x 3
        Assert.Equal(3, Views.One(New(), new Views().Scrape(10, 11, 11, 11).At(10, 3)));   // exactly 10 % above
        Assert.Equal(4, Views.One(New(), new Views().Scrape(10, 1, 1, 1, 1, 1, 1, 1, 1).At(10, 8))); // ceil(0.8) capped at floor(8 / 2)
    }

    [Fact]
    public void AibrixApa_Shrinking_TakesTheSmallestOfTheCooldown()
    {
        // Published as is: its cooldown picks the minimum, so a dip of the past shrinks now.
        var apa = new AibrixScaler(new AibrixOptions { Target = 10, Window = Seconds(10) });
        var views = new Views();
        Assert.Equal(4, Views.One(apa, views.Scrape(10, 1, 1, 1, 1, 1, 1, 1, 1).At(10, 8)));
        Assert.Equal(4, Views.One(apa, views.Scrape(30, 8, 8, 8, 8, 8, 8, 8, 8).At(30, 8)));
    }

    [Fact]
    public void AibrixKpa_PanicsOnItsQuickWindow()
    {
        var kpa = new AibrixScaler(new AibrixOptions { Target = 10, Kpa = true });
        var views = new Views();
        for (var t = 10; t <= 180; t += 10)
        {
            views.Scrape(t, 5, 5);
        }

        // Quick window (60 s): (5 x 10 + 1 x 150) / 6 = 33 -> 4, twice the 2 ready: panic, capped at 2 x 2.
        views.Scrape(190, 75, 75);
        Assert.Equal(4, Views.One(kpa, views.At(190, 2)));
    }

    [Fact]
    public void Wva_LittleSpare_AddsToTheCheapestVariant()
    {
        // KV 0.75 and 0.65 against 0.8: mean spare 0.1; with 0.76: 0.095 < 0.1.
        var view = Variants(60, (Cost: 2, Kv: [0.76]), (Cost: 1, Kv: [0.65]));
        Assert.Equal([1, 2], new WvaScaler(new WvaOptions()).Decide(view).Targets);
        var roomy = Variants(60, (Cost: 2, Kv: [0.75]), (Cost: 1, Kv: [0.6]));
        Assert.Equal([1, 1], new WvaScaler(new WvaOptions()).Decide(roomy).Targets);
    }

    [Fact]
    public void Wva_LoadThatFitsWithoutOne_RemovesFromTheDearest()
    {
        // Loads 0.3 x 3: after one goes 0.3 x 3 / 2 = 0.45, spare 0.35. The dearest with more than one replica has it.
        var view = Variants(60, (Cost: 9, Kv: [0.3]), (Cost: 2, Kv: [0.3, 0.3]));
        Assert.Equal([1, 1], new WvaScaler(new WvaOptions()).Decide(view).Targets);
    }

    [Fact]
    public void Wva_AnythingInTransition_DecidesNothing()
    {
        var view = Variants(60, (Cost: 1, Kv: [0.79]));
        var pools = view.Pools.Select(p => p with { Starting = 1 }).ToList();
        Assert.Equal([2], new WvaScaler(new WvaOptions()).Decide(view with { Pools = pools }).Targets);
    }

    [Fact]
    public void TwoAxis_GrowsAtOnce_ShrinksByTheLargestOfFiveMinutes_AndRetunesItsTarget()
    {
        var scaler = new TwoAxisScaler(new TwoAxisOptions { TargetConcurrency = 8 });
        var views = new Views();
        views.Scrape(5, 12, 12);
        Assert.Equal(3, Views.One(scaler, views.At(5, 2)));                      // ceil(24 / 8)
        views.Scrape(26, 1, 1, 1);
        Assert.Equal(3, Views.One(scaler, views.At(26, 3)));                     // wishes 1, but 3 was wished at second 5
        views.Scrape(306, 1, 1, 1);
        Assert.Equal(1, Views.One(scaler, views.At(306, 3)));
        Assert.Equal(8, scaler.Target);

        var full = new TwoAxisScaler(new TwoAxisOptions { TargetConcurrency = 8 });
        var busy = new Views().Scrape(30, [new ReplicaGauges { Running = 8, Waiting = 3, KvUsage = 0.5 }]);
        full.Decide(busy.At(30, 1));
        Assert.Equal(7.2, full.Target, 12);                                      // queue of 3 above 1: 10 % less
    }

    [Fact]
    public void ModelUnits_AreShareOfPassTimes_AndReplicasFollowTheirUse()
    {
        // Passes: 100 ms per 1000 prompt tokens; 10 ms + 1 ms per request. At 50 ms: batch 40, 1.25 ms a token.
        var facts = new PoolFacts { Name = "p", MaxBatchedTokens = 1000, MaxSequences = 256, Steps = new Linear() };
        var scaler = new ModelUnitScaler(new ModelUnitOptions { Window = Seconds(60), UnitsPerMinute = 100 });
        var (input, output) = scaler.Prices(facts, 2048);
        Assert.Equal(0.1 * 100 / 60_000, input, 12);
        Assert.Equal(1.25 * 100 / 60_000, output, 12);

        // 60 s, two replicas: 300,000 prompt tokens (30 s) and 43,200 answer tokens (54 s): 84 s of 120: 0.7, the target. Then 126 s: 1.05 / 0.7 x 2 = 3.
        var idle = new[] { new ReplicaGauges(), new ReplicaGauges() };
        var views = new Views { Facts = facts };
        views.Scrape(60, idle, finished: 100, output: 43_200, prefill: 300_000);
        Assert.Equal(2, Views.One(scaler, views.At(60, 2)));
        views.Scrape(120, idle, finished: 200, output: 43_200 + 64_800, prefill: 300_000 + 450_000);
        Assert.Equal(3, Views.One(scaler, views.At(120, 2)));
    }

    [Fact]
    public void Schedule_FollowsItsTimes_AndBeginsAnewAfterAPeriod()
    {
        var schedule = new ScheduleScaler([(Seconds(10), 4), (Seconds(20), 2)], Seconds(100));
        Assert.Equal(7, Views.One(schedule, new Views().At(5, 7)));
        Assert.Equal(4, Views.One(schedule, new Views().At(10, 7)));
        Assert.Equal(2, Views.One(schedule, new Views().At(99, 4)));
        Assert.Equal(2, Views.One(schedule, new Views().At(105, 2)));
        Assert.Equal(4, Views.One(schedule, new Views().At(115, 2)));
    }

    private static ScalingView Variants(double seconds, params (double Cost, double[] Kv)[] variants) => new()
    {
        Now = SimTime.FromSeconds(seconds),
        Pools =
        [
            .. variants.Select((v, i) =>
                new Views { Facts = new PoolFacts { Name = $"v{i}", Cost = v.Cost } }
                    .Scrape(seconds - 1, [.. v.Kv.Select((kv, w) => new ReplicaGauges { Worker = w, KvUsage = kv })])
                    .Pool(v.Kv.Length)),
        ],
    };

    private sealed class Linear : IStepEstimate
    {
        public double Milliseconds(double prefillTokens, double decodeRequests, double decodeKvTokens) =>
            decodeRequests > 0 ? 10 + decodeRequests + 0.1 * prefillTokens : 0.1 * prefillTokens;
    }
}
