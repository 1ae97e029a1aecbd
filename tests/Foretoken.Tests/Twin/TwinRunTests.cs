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

public sealed class TwinRunTests
{
    [Fact]
    public void Run_OneRequest_TakesThePathThatCanBeWorkedOutByHand()
    {
        // 100 prompt tokens in chunks of 64: two prefill steps of 10 ms, then three decode steps of 2 ms.
        var result = Play(EngineMode.Fast, [(1_000_000, 100, 4)]);
        var r = result.Requests;
        Assert.Equal(1_000_000, r.Scheduled(0).Nanoseconds);
        Assert.Equal(21_000_000, r.FirstToken(0).Nanoseconds);
        Assert.Equal(23_000_000, r.SecondToken(0).Nanoseconds);
        Assert.Equal(27_000_000, r.LastToken(0).Nanoseconds);
        Assert.Equal(RequestOutcome.Completed, r.Outcome(0));
        Assert.Equal(5, result.Replicas[0].Steps);
        Assert.Equal(26_000_000, result.Replicas[0].BusyNanoseconds);

        // Computed tokens at the end: 100 + 3 in 16-token blocks.
        Assert.Equal(7, result.Replicas[0].KvBlocksPeak);
    }

    [Fact]
    public void Run_ArrivalInTheMiddleOfARun_JoinsAtTheNextStepBoundary()
    {
        // The second request arrives 1 ms into a 2 ms decode step and waits for its end.
        var result = Play(EngineMode.Fast, [(0, 10, 100), (51_000_000, 10, 2)]);
        Assert.Equal(52_000_000, result.Requests.Scheduled(1).Nanoseconds);
        Assert.Equal(64_000_000, result.Requests.FirstToken(1).Nanoseconds); // 10 ms prefill beside 2 ms decode
    }

    [Fact]
    public void Run_ArrivalAtAStepBoundary_IsInThatBoundarysPlan()
    {
        var result = Play(EngineMode.Fast, [(0, 10, 100), (50_000_000, 10, 2)]);
        Assert.Equal(50_000_000, result.Requests.Scheduled(1).Nanoseconds);
    }

    [Theory]
    [InlineData(EngineMode.Plain)]
    [InlineData(EngineMode.Fast)]
    public void Run_TimeLimit_EndsWhatIsUnfinished(EngineMode mode)
    {
        var result = Play(mode, [(0, 10, 3), (30_000_000, 10, 100_000), (90_000_000_000, 10, 3)], limit: SimTime.FromSeconds(60));
        Assert.Equal(StopReason.TimeLimit, result.StopReason);
        Assert.Equal(2, result.Requests.Count);
        Assert.Equal(RequestOutcome.Completed, result.Requests.Outcome(0));
        Assert.Equal(RequestOutcome.Unfinished, result.Requests.Outcome(1));
        Assert.Equal(1 + (60_000 - 40) / 2, result.Requests.OutputTokens(1));
        Assert.Equal(SimTime.FromSeconds(60), result.End);
    }

    [Theory]
    [InlineData(EngineMode.Plain)]
    [InlineData(EngineMode.Fast)]
    public void Run_StopRequested_EndsAtOnceAndSaysSo(EngineMode mode)
    {
        var control = new RunControl();
        control.RequestStop();
        var result = Play(mode, [.. Enumerable.Range(0, 5000).Select(i => (i * 1_000_000L, 10, 50))], control: control);
        Assert.Equal(StopReason.Interrupted, result.StopReason);
        Assert.InRange(result.Requests.Count, 1, 4999);
        for (var i = 0; i < result.Requests.Count; i++)
        {
            Assert.NotEqual(RequestOutcome.None, result.Requests.Outcome(i));
        }
    }

    [Theory]
    [InlineData(EngineMode.Plain)]
    [InlineData(EngineMode.Fast)]
    public void Run_PromptTooLongOrEndless_IsRejectedOrTruncated(EngineMode mode)
    {
        var result = Play(mode, [(0, 4096, 1), (0, 4095, 10), (0, 4000, 1000), (0, 10, 1)], maxModelLen: 4096);
        Assert.Equal(
            [RequestOutcome.Rejected, RequestOutcome.Truncated, RequestOutcome.Truncated, RequestOutcome.Completed],
            Enumerable.Range(0, 4).Select(result.Requests.Outcome));
        Assert.Equal([0, 1, 96, 1], Enumerable.Range(0, 4).Select(result.Requests.OutputTokens));
    }

    [Fact]
    public void Run_NoRequests_IsAnEmptyResult()
    {
        var result = Play(EngineMode.Fast, []);
        Assert.Equal(0, result.Requests.Count);
        Assert.Equal(SimTime.Zero, result.End);
        Assert.Equal(StopReason.Completed, result.StopReason);
    }

    [Fact]
    public void Run_ManyReplicasWithLeastRequests_EqualsAskingEveryReplica()
    {
        // Beyond 64 replicas the run keeps counts by events; the plain engine's results show that nothing else changes.
        var rows = Enumerable.Range(0, 2000).Select(i => (i * 300_000L, 1 + i * 37 % 900, 1 + i * 53 % 60)).ToArray();
        var fast = Play(EngineMode.Fast, rows, replicas: 70, routing: "least_requests");
        var plain = Play(EngineMode.Plain, rows, replicas: 70, routing: "least_requests");
        Assert.Equal(plain.Fingerprint, fast.Fingerprint);

        // No replica may be given a request while another has fewer: with equal work they stay within one of each other.
        Assert.True(fast.Replicas.Max(r => r.Requests) - fast.Replicas.Min(r => r.Requests) < 25);
    }

    [Fact]
    public void Run_SourceThatLies_StopsWithTheSeedAndTheTime()
    {
        var e = Assert.Throws<InvariantException>(() => TwinRun.Run(Plan(new BackwardSource(), EngineMode.Fast)));
        Assert.Contains("seed 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("virtual time 1.000000000s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_RouterThatPointsNowhere_IsCaught() =>
        Assert.Throws<InvariantException>(() => TwinRun.Run(Plan(new RowSource(Rows([(0, 1, 1)])), EngineMode.Fast) with { Routing = new NowhereRouting() }));

    private static RunResult Play(
        EngineMode mode, (long At, int Input, int Output)[] rows, SimTime? limit = null, RunControl? control = null, int replicas = 1, string routing = "round_robin", int maxModelLen = 160_000) =>
        TwinRun.Run(
            Plan(new RowSource(Rows(rows)), mode, maxModelLen).WithPool(p => p with { Replicas = replicas }) with { TimeLimit = limit, Routing = RoutingPolicies.Create(routing)! }, control);

    private static RunPlan Plan(IRequestSource source, EngineMode mode, int maxModelLen = 160_000) => new()
    {
        Source = source,
        Pools =
        [
            new PoolPlan
            {
                Replicas = 1,
                Engine = new VllmSettings { NumGpuBlocks = 10_001, MaxModelLen = maxModelLen, MaxNumBatchedTokens = 64, AsyncScheduling = false, MaxNumSeqs = 64 },
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

    private sealed class BackwardSource : IRequestSource
    {
        private int _next;

        public bool IsReactive => false;

        public long Count => 2;

        public PrefixTree? Tree => null;

        public SimTime NextArrival => _next == 2 ? SimTime.Never : SimTime.FromSeconds(1 - _next);

        public void Take(out RequestSpec request) => request = new RequestSpec { Index = _next, Arrival = SimTime.FromSeconds(1 - _next++), InputTokens = 1, OutputTokens = 1, Session = -1 };

        public void Finished(int requestIndex, SimTime at)
        {
        }
    }

    private sealed class NowhereRouting : IRoutingPolicy
    {
        public string Name => "nowhere";

        public RouterNeeds Needs => RouterNeeds.None;

        public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random) => view.Workers.Length;
    }
}
