using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Scaling;
using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scaling;
using Foretoken.Workloads.Traces;
using Xunit;
using static Foretoken.Tests.Twin.Scaling.ScalingRuns;

namespace Foretoken.Tests.Twin.Scaling;

public sealed class LookAheadTests
{
    private static readonly LookAheadOptions Options = new()
    {
        Interval = SimDuration.FromSeconds(10), Horizon = SimDuration.FromSeconds(20), Futures = 2, MaxStep = 2, Ttft = SimDuration.FromMilliseconds(500), Itl = SimDuration.FromMilliseconds(100), GpuSecondsPerMiss = 5,
    };

    [Fact]
    public void Run_SurgeThatOneCannotServe_GrowsAndShrinksAgain_TheSameEveryTime()
    {
        var first = Play(Options);
        var again = Play(Options);
        Assert.Equal(first.Scaling!.Events, again.Scaling!.Events);
        Assert.Equal(first.Fingerprint, again.Fingerprint);
        Assert.Contains(first.Scaling.Events, e => e.At.TotalSeconds is > 60 and < 110 && e.To > e.From);
        Assert.True(first.Scaling.Events[^1].To <= 2, $"ends at {first.Scaling.Events[^1].To}");
        Assert.True(first.Scaling.LookAhead!.Futures > 50);
        Assert.True(ReachedOnlyServing(first));
        Assert.All(Enumerable.Range(0, first.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, first.Requests.Outcome(i)));
    }

    [Fact]
    public void Run_WhatLooksAhead_ChangesNothingOfTheRunItself()
    {
        // With bounds that leave no choice the run is that of a fixed fleet, copies or not.
        var scaling = Changing(null, maximum: 2) with { LookAhead = [new LookAheadPlan(Options, [0])] };
        scaling = scaling with { Pools = [scaling.Pools[0] with { Minimum = 2 }] };
        var looking = TwinRun.Run(Plan(Steady(60, 40), 2, scaling));
        var plain = TwinRun.Run(Plan(Steady(60, 40), 2, null));
        Assert.True(looking.Scaling!.LookAhead!.Futures > 0);
        Assert.Equal(plain.Fingerprint, looking.Fingerprint);
    }

    [Fact]
    public void Run_DearMisses_BuyMoreReplicasThanCheapOnes()
    {
        static double Hours(RunResult r) => r.Replicas.Sum(x => x.Life!.Paid(r.End).TotalSeconds);
        Assert.True(Hours(Play(Options with { GpuSecondsPerMiss = 50 })) > Hours(Play(Options with { GpuSecondsPerMiss = 0.01 })));
    }

    public static TheoryData<string> Engines => ["vllm", "sglang", "trtllm", "vllm with offloading", "sglang lpm", "trtllm with a host cache"];

    // One request at a time, a prompt in 20 ms, then 10 ms a token.
    [Theory]
    [MemberData(nameof(Engines))]
    public void Future_OfAFleetWithOnePlace_CostsWhatCanBeWorkedOutByHand(string engine)
    {
        var pool = new PoolPlan { Replicas = 1, Engine = Small(engine), StepTime = new FixedStepTime(20, 10), GpusPerReplica = 2 };
        FutureStart start = Start([pool]);

        // Two at once, one token each: at 20 and at 40 ms, of which 30 would do. Two GPUs for ten seconds.
        Assert.Equal((20, 1), Cost(start, 30, [0], (0, 100, 1), (0, 100, 1)));
        Assert.Equal((20, 0), Cost(start, 50, [0], (0, 100, 1), (0, 100, 1)));

        // A second replica serves at once, or after a second, for requests that come then.
        Assert.Equal((40, 0), Cost(start, 30, [1], (0, 100, 1), (0, 100, 1)));
        var late = start with { Pools = [new FuturePool(pool, SimDuration.FromSeconds(1))] };
        Assert.Equal((40, 1), Cost(late, 30, [1], (0, 100, 1), (0, 100, 1)));
        Assert.Equal((40, 0), Cost(late, 30, [1], (1, 100, 1), (1, 100, 1)));

        // Given up where the GPUs alone cost as much, or with what was missed.
        Assert.Null(Cost(start, 30, [1], 40, (0, 100, 1), (0, 100, 1)));
        Assert.Null(Cost(start, 30, [0], 25, (0, 100, 1), (0, 100, 1)));
        Assert.NotNull(Cost(start, 30, [0], 25.01, (0, 100, 1), (0, 100, 1)));

        // Somebody has the place, with 40 of 60 tokens, which is what answers have: free in 200 ms, give or take a step.
        start = start with { Requests = [new FutureRequest(0, 100, 40, FutureStage.Answer, 0)], FirstFreeRequest = 1 };
        Assert.Equal((20, 1), Cost(start, 180, [0], (0, 100, 60)));
        Assert.Equal((20, 0), Cost(start, 250, [0], (0, 100, 60)));

        // Somebody waits in front, or computes its prompt: 20 ms, and 60 tokens.
        foreach (var stage in new[] { FutureStage.Waits, FutureStage.Prompt })
        {
            start = start with { Requests = [new FutureRequest(0, 100, 0, stage, stage == FutureStage.Waits ? -1 : 0)] };
            Assert.Equal((20, 1), Cost(start, 590, [0], (0, 100, 60)));
            Assert.Equal((20, 0), Cost(start, 660, [0], (0, 100, 60)));
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Future_OfADividedFleet_HasBothPartsAndTheTransfer(string engine)
    {
        // 100 tokens of 1,000 bytes at 1 MB/s: 100 ms.
        var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = 10 };
        PoolPlan[] pools =
        [
            new() { Role = PoolRole.Prefill, Replicas = 1, Engine = Small(engine), StepTime = new FixedStepTime(20, 10) },
            new() { Role = PoolRole.Decode, Replicas = 1, Engine = Small(engine), StepTime = new FixedStepTime(20, 10) },
        ];
        var start = Start(pools) with
        {
            Disaggregation = new DisaggregationPlan { Order = HandOffOrder.PrefillFirst, DecodeRouting = RoutingPolicies.Create("round_robin")!, Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 1e6 } },
        };

        // The first token comes with the KV or a step after it. With one place to generate, somebody waits for it 200 ms, with
        // its first token or before it.
        Assert.Equal((20, 1), Cost(start, 115, [0, 0], (0, 100, 2)));
        Assert.Equal((20, 0), Cost(start, 135, [0, 0], (0, 100, 2)));
        Assert.Equal((20, 1), Cost(start, 200, [0, 0], (0, 100, 20), (0, 100, 2)));
        Assert.Equal((30, 0), Cost(start, 200, [0, 1], (0, 100, 20), (0, 100, 2)));
        Assert.Equal((30, 1), Cost(start, 200, [1, 0], (0, 100, 20), (0, 100, 2)));

        // On its way when the future begins: the prompt's 20 ms are over.
        start = start with { Requests = [new FutureRequest(0, 100, 0, FutureStage.Sent, -1)], FirstFreeRequest = 1 };
        Assert.Equal((20, 1), Cost(start, 95, [0, 0]));
        Assert.Equal((20, 0), Cost(start, 115, [0, 0]));

        // A place to generate is taken for 20 more tokens of 10 ms, and somebody's prompt is being computed: its memory is reserved
        // when the place is free, and then comes the transfer. SGLang reserves before, and waits for the place after the transfer.
        start = start with { Requests = [new FutureRequest(0, 100, 40, FutureStage.Answer, 1), new FutureRequest(1, 100, 0, FutureStage.Prompt, 0)], FirstFreeRequest = 2 };
        var isEarly = Small(engine) is SgLangSettings;
        Assert.Equal((20, 1), Cost(start, isEarly ? 180 : 280, [0, 0]));
        Assert.Equal((20, 0), Cost(start, isEarly ? 240 : 335, [0, 0]));
    }

    [Fact]
    public void Actions_StandInOrder_WithinBoundsAndQuota()
    {
        PoolView View(int target, int minimum, int maximum, int gpus) => new()
        {
            Facts = new PoolFacts { Name = "pool", GpusPerReplica = gpus }, Minimum = minimum, Maximum = maximum, Target = target, History = new MetricHistory(SimDuration.FromSeconds(1)),
        };
        static string Told(List<int[]> actions) => string.Join(' ', actions.Select(a => string.Join(',', a)));
        Assert.Equal("0 -1 -2 1 2 4", Told(LookAheadActions.Of([View(5, 1, 20, 1)], 4, long.MaxValue)));
        Assert.Equal("0 -1 1 2", Told(LookAheadActions.Of([View(2, 1, 5, 1)], 4, long.MaxValue)));
        Assert.Equal("0 1", Told(LookAheadActions.Of([View(0, 0, 5, 1)], 1, long.MaxValue)));
        Assert.Equal("0,0 -1,0 1,0 2,0 0,1 0,2 1,1 2,2", Told(LookAheadActions.Of([View(2, 1, 9, 2), View(1, 1, 9, 4)], 2, 12)));
        Assert.Equal("0,0 -1,0 1,0 2,0 0,1 0,2 1,1", Told(LookAheadActions.Of([View(2, 1, 9, 2), View(1, 1, 9, 4)], 2, 11)));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Run_WithAnyEngine_GrowsInASurge_AndPlainDecidesAsFastDoes(string engine)
    {
        var settings = Large(engine);
        RunPlan Of(EngineMode mode, bool all) => Plan(Surge(5, 160), 1, Changing(null, startSeconds: 12, maximum: 6) with { LookAhead = [new LookAheadPlan(Options with { PlaysAll = all }, [0])] }, mode) is var plan
            ? plan with { Pools = [plan.Pools[0] with { Engine = settings }] }
            : null!;
        var fast = TwinRun.Run(Of(EngineMode.Auto, false));
        Assert.Contains(fast.Scaling!.Events, e => e.At.TotalSeconds is > 60 and < 110 && e.To > e.From);
        Assert.True(fast.Scaling.Events[^1].To < fast.Scaling.Events.Max(e => e.To));
        Assert.All(Enumerable.Range(0, fast.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, fast.Requests.Outcome(i)));

        var plain = TwinRun.Run(Of(EngineMode.Plain, false));
        Assert.Equal(fast.Scaling.Events, plain.Scaling!.Events);
        Assert.Equal(fast.Fingerprint, plain.Fingerprint);

        // What was not played to its end could not have changed anything.
        if (engine.Contains(' ', StringComparison.Ordinal))
        {
            return;
        }

        var all = TwinRun.Run(Of(EngineMode.Auto, true));
        Assert.Equal(fast.Scaling.Events, all.Scaling!.Events);
        Assert.True(fast.Scaling.LookAhead!.Futures < all.Scaling.LookAhead!.Futures);
    }

    [Fact]
    public void Run_DividedFleet_GrowsTheSideThatIsShort()
    {
        static RunResult Divided(int input, int output)
        {
            var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = 16 };
            var rows = Surge(6, 160, input, output);
            var whole = Plan(rows, 1, Changing(null, startSeconds: 12, maximum: 4));
            return TwinRun.Run(whole with
            {
                Pools =
                [
                    whole.Pools[0] with { Name = "prefill", Role = PoolRole.Prefill, StepTime = new FixedStepTime(40, 10) },
                    whole.Pools[0] with { Name = "decode", Role = PoolRole.Decode, StepTime = new FixedStepTime(40, 10) },
                ],
                Disaggregation = new DisaggregationPlan { Order = HandOffOrder.PrefillFirst, DecodeRouting = RoutingPolicies.Create("round_robin")!, Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 1e9 } },
                Scaling = whole.Scaling! with { Pools = [whole.Scaling.Pools[0], whole.Scaling.Pools[0]], LookAhead = [new LookAheadPlan(Options with { Futures = 1, Forecaster = () => new ConstantForecast() }, [0, 1])] },
            });
        }

        // A prompt to a step of 40 ms, 30 a second are too many for one; and 16 places to generate, 80 tokens of 10 ms each.
        var prefill = Divided(900, 2);
        Assert.Contains(prefill.Scaling!.Events, e => e.Pool == 0 && e.To > e.From);
        Assert.DoesNotContain(prefill.Scaling.Events, e => e.Pool == 1);
        var decode = Divided(20, 140);
        Assert.Contains(decode.Scaling!.Events, e => e.Pool == 1 && e.To > e.From);
        Assert.DoesNotContain(decode.Scaling.Events, e => e.Pool == 0);
        Assert.All(Enumerable.Range(0, decode.Requests.Count), i => Assert.Equal(RequestOutcome.Completed, decode.Requests.Outcome(i)));
    }

    private static FutureStart Start(PoolPlan[] pools) => new()
    {
        Pools = [.. pools.Select(p => new FuturePool(p, SimDuration.Zero))],
        Replicas = [.. pools.Select((p, i) => new FutureReplica(i, i, ReplicaState.Serving, SimTime.Zero, p, null, null))],
        Requests = [],
        FirstFreeRequest = 0,
        Arrival = _ => SimTime.Zero,
    };

    private static (double GpuSeconds, long Misses)? Cost(FutureStart start, double ttft, int[] changes, params (double At, int Input, int Output)[] arrivals) => Cost(start, ttft, changes, double.PositiveInfinity, arrivals);

    private static (double GpuSeconds, long Misses)? Cost(FutureStart start, double ttft, int[] changes, double budget, params (double At, int Input, int Output)[] arrivals)
    {
        var future = new Future([.. arrivals.Select(a => (SimTime.FromSeconds(a.At), a.Input, a.Output))], [(100, 60)], new RandomStream(1, StreamId.Test));
        return new FuturePlay(start, future, Options with { Ttft = SimDuration.FromMilliseconds(ttft) }, SimTime.Zero, SimTime.FromSeconds(10), new LogHistogram()).Cost(changes, budget);
    }

    // One request at a time.
    private static EngineSettings Small(string engine) => engine switch
    {
        "vllm" => Engine with { MaxNumSeqs = 1 },
        "vllm with offloading" => Engine with { MaxNumSeqs = 1, Offloading = new KvHierarchy { HostBlocks = 100, BlockBytes = 1000 } },
        "sglang" => new SgLangSettings { MaxTotalTokens = 32_000, MaxRunningRequests = 1 },
        "sglang lpm" => new SgLangSettings { MaxTotalTokens = 32_000, MaxRunningRequests = 1, SchedulePolicy = SgLangSchedulePolicy.Lpm },
        "trtllm" => new TrtLlmSettings { NumKvBlocks = 2000, TokensPerBlock = 16, MaxSeqLen = 4000, MaxBatchSize = 1 },
        _ => new TrtLlmSettings { NumKvBlocks = 2000, TokensPerBlock = 16, MaxSeqLen = 4000, MaxBatchSize = 1, HostCache = new TrtLlmHostCache { Blocks = 100, BlockBytes = 1000 } },
    };

    private static EngineSettings Large(string engine) => Small(engine) switch
    {
        VllmSettings vllm => vllm with { MaxNumSeqs = 16 },
        SgLangSettings sglang => sglang with { MaxRunningRequests = 16 },
        TrtLlmSettings trtllm => trtllm with { MaxBatchSize = 16 },
        var other => other,
    };

    // Three requests a second, and from 60 to 140 s thirty.
    private static Trace Surge(ulong seed, double seconds, int input = 0, int output = 0)
    {
        var rows = new List<(double At, int Input, int Output)>();
        var random = new RandomStream(seed, StreamId.Test);
        for (var at = 0.0; at < seconds;)
        {
            at += random.NextExponential() / (at is > 60 and < 120 ? 30 : 3);
            rows.Add((at, input == 0 ? 20 + random.NextInt(400) : input, output == 0 ? 1 + random.NextInt(120) : output));
        }

        return Of(rows);
    }

    private static RunResult Play(LookAheadOptions options)
    {
        var rows = new List<(double At, int Input, int Output)>();
        var random = new RandomStream(11, StreamId.Test);
        for (var at = 0.0; at < 240;)
        {
            at += random.NextExponential() / (at is > 60 and < 140 ? 30 : 3);
            rows.Add((at, 20 + random.NextInt(400), 1 + random.NextInt(120)));
        }

        return TwinRun.Run(Plan(Of(rows), 1, Changing(null, startSeconds: 12, maximum: 6) with { LookAhead = [new LookAheadPlan(options, [0])] }));
    }
}
