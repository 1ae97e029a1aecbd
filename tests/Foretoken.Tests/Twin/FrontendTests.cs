using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin;

public sealed class FrontendTests
{
    private static readonly FrontendTimes Times = new() { Request = new(3_000_000), PerPromptToken = new(20_000), Response = new(500_000) };

    [Theory]
    [InlineData(EngineMode.Plain)]
    [InlineData(EngineMode.Fast)]
    public void Run_OneRequest_AddsTheWayInAndTheWayBack(EngineMode mode)
    {
        // 100 prompt tokens: 3 ms + 100 x 20 us in; two prefill steps of 10 ms, decode steps of 2 ms; half a millisecond back.
        var r = Play(mode, [(1_000_000, 100, 4)], Times).Requests;
        Assert.Equal(1_000_000, r.Arrival(0).Nanoseconds);
        Assert.Equal(6_000_000, r.Scheduled(0).Nanoseconds);
        Assert.Equal(26_500_000, r.FirstToken(0).Nanoseconds);
        Assert.Equal(28_500_000, r.SecondToken(0).Nanoseconds);
        Assert.Equal(32_500_000, r.LastToken(0).Nanoseconds);
    }

    [Fact]
    public void Run_LongPromptThenShortOne_LetsTheShortOneOvertake()
    {
        var r = Play(EngineMode.Fast, [(0, 1000, 2), (1_000_000, 10, 2)], Times).Requests;
        Assert.Equal(23_000_000, r.Scheduled(0).Nanoseconds);
        Assert.Equal(4_200_000, r.Scheduled(1).Nanoseconds);
    }

    [Theory]
    [InlineData("round_robin", 3)]
    [InlineData("least_requests", 3)]
    [InlineData("least_requests", 70)]
    [InlineData("least_tokens", 3)]
    public void Run_SameWayForEveryRequest_IsTheSameRunLater(string routing, int replicas)
    {
        var rows = Enumerable.Range(0, 800).Select(i => (i * 700_000L, 1 + i * 37 % 400, 1 + i * 53 % 60)).ToArray();
        var constant = new FrontendTimes { Request = new(5_000_000), Response = new(1_000_000) };
        var fast = Play(EngineMode.Fast, rows, constant, routing, replicas);
        var plain = Play(EngineMode.Plain, rows, constant, routing, replicas);
        Assert.Equal(plain.Fingerprint, fast.Fingerprint);
        if (routing != "round_robin")
        {
            return; // What a router sees at a request's arrival is another moment of the engine's life.
        }

        var without = Play(EngineMode.Fast, rows, FrontendTimes.None, routing, replicas);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(without.Requests.Scheduled(i).Nanoseconds + 5_000_000, fast.Requests.Scheduled(i).Nanoseconds);
            Assert.Equal(without.Requests.FirstToken(i).Nanoseconds + 6_000_000, fast.Requests.FirstToken(i).Nanoseconds);
            Assert.Equal(without.Requests.LastToken(i).Nanoseconds + 6_000_000, fast.Requests.LastToken(i).Nanoseconds);
        }
    }

    [Theory]
    [InlineData(EngineMode.Plain)]
    [InlineData(EngineMode.Fast)]
    public void Run_ClosedLoop_SendsTheNextWhenTheClientHasSeenTheLast(EngineMode mode)
    {
        var trace = Rows([.. Enumerable.Range(0, 5).Select(_ => (0L, 10, 2))]);
        var source = new ClosedLoopSource(new TraceConversations(trace, new ReplayOptions(), ignoreTimestamps: true), new ClosedLoopOptions { Concurrency = 1 });
        var r = TwinRun.Run(Plan(source, mode).WithPool(p => p with { Frontend = Times })).Requests;

        // 3.2 ms in, 10 + 2 ms, 0.5 ms back.
        Assert.Equal([0, 15_700_000, 31_400_000, 47_100_000, 62_800_000], Enumerable.Range(0, 5).Select(i => r.Arrival(i).Nanoseconds));
    }

    [Fact]
    public void Run_TimeLimitWhileOnTheWay_IsUnfinished()
    {
        var result = Play(EngineMode.Fast, [(0, 10, 2), (49_000_000, 10, 2)], Times, limit: new SimTime(50_000_000));
        Assert.Equal(StopReason.TimeLimit, result.StopReason);
        Assert.Equal([RequestOutcome.Completed, RequestOutcome.Unfinished], [result.Requests.Outcome(0), result.Requests.Outcome(1)]);
        Assert.Equal(SimTime.Never, result.Requests.Scheduled(1));
    }

    [Fact]
    public void Run_StreamInterval_GroupsWhatTheClientSees()
    {
        // Tokens at 10, 12, 14, ... 28 ms; groups: the first, then 4 each, then the last one at the end.
        var plan = Plan(new RowSource(Rows([(0, 10, 10)])), EngineMode.Auto);
        var result = TwinRun.Run(plan.WithPool(p => p with { Engine = p.Engine with { StreamInterval = 4 } }));
        Assert.Equal("plain", result.EngineMode);
        var r = result.Requests;
        Assert.Equal((10_000_000, 18_000_000, 28_000_000), (r.FirstToken(0).Nanoseconds, r.SecondToken(0).Nanoseconds, r.LastToken(0).Nanoseconds));
        Assert.Equal(3, result.TokenGaps.Count); // 8, 8 and 2 ms
        Assert.Equal(2_000_000, result.TokenGaps.Minimum);
        Assert.Equal(8_000_000, result.TokenGaps.Maximum);
    }

    [Fact]
    public void NotCovered_StreamInterval_SaysSo()
    {
        var plan = Plan(new RowSource(Rows([(0, 10, 10)])), EngineMode.Fast);
        var engine = plan.Pools[0].Engine;
        Assert.Null(ReplicaFactory.NotCovered(engine));
        Assert.Equal("stream_interval above 1", ReplicaFactory.NotCovered(engine with { StreamInterval = 2 }));
    }

    private static RunResult Play(EngineMode mode, (long At, int Input, int Output)[] rows, FrontendTimes times, string routing = "round_robin", int replicas = 1, SimTime? limit = null) =>
        TwinRun.Run(Plan(new RowSource(Rows(rows)), mode).WithPool(p => p with { Frontend = times, Replicas = replicas }) with { TimeLimit = limit, Routing = RoutingPolicies.Create(routing)! });

    private static RunPlan Plan(IRequestSource source, EngineMode mode) => new()
    {
        Source = source,
        Pools =
        [
            new PoolPlan
            {
                Replicas = 1,
                Engine = new VllmSettings { NumGpuBlocks = 10_001, MaxModelLen = 160_000, MaxNumBatchedTokens = 64, AsyncScheduling = false, MaxNumSeqs = 64 },
                StepTime = new FixedStepTime(10, 2),
            },
        ],
        Routing = new RoundRobin(),
        Seed = 3,
        EngineMode = mode,
    };

    private static Trace Rows((long At, int Input, int Output)[] rows) => new()
    {
        Arrivals = [.. rows.Select(r => new SimTime(r.At))],
        InputTokens = [.. rows.Select(r => r.Input)],
        OutputTokens = [.. rows.Select(r => r.Output)],
    };
}
