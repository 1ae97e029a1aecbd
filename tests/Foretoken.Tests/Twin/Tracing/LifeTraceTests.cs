using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Tests.Engines.SgLang.Fast;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Tracing;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Tracing;

public sealed class LifeTraceTests
{
    private static readonly FrontendTimes Times = new() { Request = new(3_000_000), PerPromptToken = new(20_000), Response = new(500_000) };

    [Fact]
    public void Life_SecondRequestInAChunkedPrefill_IsTheOneWorkedOutByHand()
    {
        // 10 ms for a step with prompt tokens, 2 ms more for one that generates beside them; 64 tokens a step. The first request
        // generates; the second one's 100 tokens come 1 ms into a step and take two.
        var plan = Plan(new VllmSettings { NumGpuBlocks = 10_001, MaxModelLen = 4096, MaxNumBatchedTokens = 64, AsyncScheduling = false, MaxNumSeqs = 64 }, new FixedStepTime(10, 2), Rows([(0, 10, 12), (11_500_000, 100, 3)]));
        var (result, lives) = Listen(plan.WithPool(p => p with { Frontend = new FrontendTimes { Request = new(1_000_000), Response = new(500_000) } }));
        var life = lives[1];
        Assert.Equal([LifePhase.Frontend, LifePhase.Queue, LifePhase.Prompt, LifePhase.Response], life.FirstTokenPhases.Select(p => p.Phase));

        // At the engine at 12.5 ms, where steps end at 11, 13, ...: the next plan takes it.
        Assert.Equal((13_000_000, 0), Admitted(life));
        Assert.Equal([1_000_000, 500_000, 24_000_000, 500_000], life.FirstTokenPhases.Select(p => p.Time.Nanoseconds));
        Assert.Equal(result.Requests.FirstToken(1) - result.Requests.Arrival(1), life.TimeToFirstToken);
        var chunks = life.Events.OfType<PromptEvent>().ToArray();
        Assert.Equal([(0, 63), (63, 37)], chunks.Select(c => (c.Start, c.Tokens)));
        Assert.All(chunks, c => Assert.Equal((0, 1), (c.OtherPromptTokens, c.Generating)));
        var decode = Assert.Single(life.Events.OfType<DecodeEvent>());
        Assert.Equal((2, 2, 2, 2), (decode.Steps, decode.Tokens, decode.SmallestBatch, decode.LargestBatch));
        Assert.Equal(4_000_000, life.Phases.Single(p => p.Phase == LifePhase.Decode).Time.Nanoseconds);

        static (long, int) Admitted(RequestLife life)
        {
            var e = Assert.Single(life.Events.OfType<AdmittedEvent>());
            return (e.At.Nanoseconds, e.StepsPassed);
        }
    }

    [Fact]
    public void Life_PromptThatComesFromTheHost_WaitsForIt()
    {
        // Eight blocks of A, then B's in their place, then A again: at 1 MB/s its blocks of 16 kB take 16 ms each.
        var rows = new List<TraceRecord> { Row(0, 1), Row(1000, 11), Row(2000, 1) };
        var trace = TraceLoader.Load(new RowReader(rows));
        var plan = Plan(
            new VllmSettings
            {
                NumGpuBlocks = 13,
                MaxModelLen = 190,
                MaxNumBatchedTokens = 256,
                AsyncScheduling = false,
                Offloading = new KvHierarchy { HostBlocks = 64, BlockBytes = 16_000, FromHost = new TierLink(1_000_000, SimDuration.Zero) },
            },
            new FixedStepTime(10, 2), trace);
        var (result, lives) = Listen(plan);
        var transfer = Assert.Single(lives[2].Events.OfType<TransferEvent>());
        Assert.Equal((2_000_000_000, transfer.Bytes * 1000), (transfer.At.Nanoseconds, (transfer.End - transfer.At).Nanoseconds));
        Assert.Equal([(LifePhase.Transfer, transfer.Bytes * 1000), (LifePhase.Prompt, 10_000_000)], lives[2].FirstTokenPhases.Select(p => (p.Phase, p.Time.Nanoseconds)));
        Assert.Equal(result.Requests.FirstToken(2) - result.Requests.Arrival(2), lives[2].TimeToFirstToken);

        static TraceRecord Row(long ms, ulong first)
        {
            var row = new TraceRecord { Arrival = new SimTime(ms * 1_000_000), InputTokens = 128, OutputTokens = 2, HashBlockTokens = 16, KnownTokens = 128 };
            row.HashIds.AddRange(Enumerable.Range(0, 8).Select(i => first + (ulong)i));
            return row;
        }
    }

    [Fact]
    public void Life_OfEveryVllmRequest_AddsUpAndChangesNothing()
    {
        var preempted = 0;
        for (var number = 0; number < 150; number++)
        {
            var scenario = new RandomCase(number);
            preempted += Check(Plan(scenario.Settings, scenario.StepTime, scenario.Trace).WithPool(p => p with { Replicas = scenario.Replicas }), scenario.Trace, scenario.Routing);
        }

        Assert.True(preempted > 20);
    }

    [Fact]
    public void Life_OfEveryRequestWithTiers_AddsUpAndChangesNothing()
    {
        for (var number = 0; number < 60; number++)
        {
            var scenario = new RandomCase(number);
            var tiers = new KvHierarchy { HostBlocks = 300, BlockBytes = 1000, FromHost = number % 3 == 0 ? TierLink.Instant : new TierLink(200_000, new SimDuration(number % 2 * 1_000_000)) };
            Check(Plan(scenario.Settings with { Offloading = tiers }, scenario.StepTime, scenario.Trace), scenario.Trace);
        }
    }

    [Fact]
    public void Life_OfEverySgLangRequest_AddsUpAndChangesNothing()
    {
        for (var number = 0; number < 150; number++)
        {
            var scenario = new SgLangRandomCase(number, drafts: number % 3 == 0);
            Check(Plan(scenario.Settings, scenario.StepTime, scenario.Trace).WithPool(p => p with { Replicas = scenario.Replicas }), scenario.Trace, scenario.Routing);
        }
    }

    [Fact]
    public void Life_OfEveryTrtLlmRequest_AddsUpAndChangesNothing()
    {
        var preempted = 0;
        for (var number = 0; number < 80; number++)
        {
            var scenario = new RandomCase(number);
            preempted += Check(Plan(new TrtLlmSettings
            {
                NumKvBlocks = 30,
                TokensPerBlock = 8,
                MaxSeqLen = 200,
                MaxBatchSize = 16,
                MaxNumTokens = 64,
                EnableChunkedPrefill = true,
                CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization,
                DisableOverlapScheduler = number % 2 == 0,
            }, scenario.StepTime, scenario.Trace), scenario.Trace);
        }

        Assert.True(preempted > 20);
    }

    // Returns how many requests lost their memory.
    private static int Check(RunPlan plan, Trace trace, string routing = "round_robin")
    {
        plan = plan.WithPool(p => p with { Frontend = Times });
        var untold = TwinRun.Run(plan with { Routing = RoutingPolicies.Create(routing)! });
        var (result, lives) = Listen(plan with { Source = new RowSource(trace), Routing = RoutingPolicies.Create(routing)! });
        Assert.Equal("plain", result.EngineMode);
        Assert.Equal(untold.Fingerprint, result.Fingerprint);
        var preempted = 0;
        foreach (var life in lives)
        {
            var i = life.Index;
            var table = result.Requests;
            Assert.Equal(life.Latency.Nanoseconds, life.Phases.Sum(p => p.Time.Nanoseconds));
            Assert.Equal(life.TimeToFirstToken?.Nanoseconds ?? 0, life.FirstTokenPhases.Sum(p => p.Time.Nanoseconds));
            Assert.Equal(table.Outcome(i), life.Outcome);
            Assert.Equal(table.Preemptions(i), life.Events.OfType<PreemptedEvent>().Count());
            Assert.True(life.Events.Zip(life.Events.Skip(1)).All(pair => pair.First.At <= pair.Second.At));
            if (table.Outcome(i) is RequestOutcome.Completed or RequestOutcome.Truncated)
            {
                Assert.Equal(table.FirstToken(i) - table.Arrival(i), life.TimeToFirstToken);
                Assert.Equal(table.LastToken(i) - table.Arrival(i), life.Latency);
                Assert.Equal(table.CachedTokens(i), life.Events.OfType<AdmittedEvent>().Single().CachedTokens);
                if (table.Preemptions(i) == 0)
                {
                    Assert.Equal(table.InputTokens(i) - table.CachedTokens(i), life.Events.OfType<PromptEvent>().Sum(e => e.Tokens));
                    Assert.Equal(table.OutputTokens(i) - 1, life.Events.OfType<DecodeEvent>().Sum(e => e.Tokens));
                }
                else
                {
                    preempted++;
                }
            }
        }

        return preempted;
    }

    private static (RunResult Result, RequestLife[] Lives) Listen(RunPlan plan)
    {
        var listeners = Enumerable.Range(0, (int)plan.Source.Count).Select(i => new LifeTrace(i)).ToArray();
        var result = TwinRun.Run(plan with { Trace = new TraceGroup(listeners) });
        return (result, [.. listeners.Select(l => l.Life!)]);
    }

    private static RunPlan Plan(EngineSettings engine, IStepTimeSource stepTime, Trace trace) => new()
    {
        Source = new RowSource(trace),
        Pools =
        [
            new PoolPlan
            {
                Replicas = 1,
                Engine = engine,
                StepTime = stepTime,
            },
        ],
        Routing = RoutingPolicies.Create("round_robin")!,
        Seed = 3,
    };

    private static Trace Rows((long At, int Input, int Output)[] rows) => new()
    {
        Arrivals = [.. rows.Select(r => new SimTime(r.At))],
        InputTokens = [.. rows.Select(r => r.Input)],
        OutputTokens = [.. rows.Select(r => r.Output)],
    };
}
