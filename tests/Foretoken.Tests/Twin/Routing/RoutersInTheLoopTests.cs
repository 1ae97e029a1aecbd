using Foretoken.Engines.Replicas;
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
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin.Routing;

/// <summary>Every policy at work over every engine: the fast engines must let a router see exactly what the plain ones do.</summary>
public sealed class RoutersInTheLoopTests
{
    public static TheoryData<string> Policies => [.. RoutingPolicies.Names];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Run_Vllm_PlainAgreesWithFast(string policy)
    {
        for (var number = 0; number < 60; number++)
        {
            var scenario = new RandomCase(number);
            var concurrency = number % 4 == 0 ? 2 + number % 9 : 0;
            Agree(policy, number, scenario.Settings, scenario, mode => Play(policy, number, mode, new RowSource(scenario.Trace, concurrency), scenario.Settings, scenario));
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Run_VllmLongAnswers_PlainAgreesWithFast(string policy)
    {
        for (var number = 0; number < 4; number++)
        {
            var scenario = new RandomCase(number, @long: true);
            Agree(policy, number, scenario.Settings, scenario, mode => Play(policy, number, mode, new RowSource(scenario.Trace), scenario.Settings, scenario));
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Run_SgLang_PlainAgreesWithFast(string policy)
    {
        for (var number = 0; number < 40; number++)
        {
            var scenario = new SgLangRandomCase(number);
            Agree(policy, number, scenario.Settings, scenario, mode => TwinRun.Run(Plan(policy, number, mode, new RowSource(scenario.Trace), scenario.Settings, scenario.StepTime, 3)));
        }
    }

    [Theory]
    [InlineData("dynamo_kv")]
    [InlineData("llm_d")]
    [InlineData("production_stack_kvaware")]
    public void Run_TrtLlm_PlainAgreesWithFast(string policy)
    {
        for (var number = 0; number < 30; number++)
        {
            var scenario = new RandomCase(number);
            var settings = new TrtLlmSettings { NumKvBlocks = 200, TokensPerBlock = 8, MaxBatchSize = 4, MaxNumTokens = 256, MaxSeqLen = 1024 };
            Agree(policy, number, settings, scenario, mode => TwinRun.Run(Plan(policy, number, mode, new RowSource(scenario.Trace), settings, scenario.StepTime, 3)));
        }
    }

    // Beyond 64 replicas the run goes event by event.
    [Theory]
    [MemberData(nameof(Policies))]
    public void Run_ManyReplicas_PlainAgreesWithFast(string policy)
    {
        for (var number = 100; number < 106; number++)
        {
            var scenario = new RandomCase(number);
            Agree(policy, number, scenario.Settings, scenario, mode => Play(policy, number, mode, new RowSource(scenario.Trace), scenario.Settings, scenario, replicas: 66));
        }
    }

    // Caches that overflow all the time, and a router that hears of every block.
    [Fact]
    public void Run_ConversationTraceKvAware_PlainAgreesWithFast()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"), new TraceReadOptions());
        var trace = TraceLoader.Load(reader);
        var settings = new VllmSettings { NumGpuBlocks = 16_384, BlockSize = 16, MaxModelLen = 131_072, MaxNumSeqs = 256 };
        RunResult Play(EngineMode mode) => TwinRun.Run(new RunPlan
        {
            Source = new RowSource(trace),
            Pools = [new PoolPlan { Replicas = 8, Engine = settings, StepTime = new PolynomialStepTime(524_288L * 16) }],
            Routing = RoutingPolicies.Create("dynamo_kv")!,
            EngineMode = mode,
        });
        Agree("dynamo_kv", -1, settings, "the conversation trace", Play);
    }

    // The router holds requests back; who waits how long must not depend on the engine's mode, and nobody may be lost.
    [Theory]
    [InlineData("fcfs")]
    [InlineData("wspt")]
    [InlineData("lcfs")]
    public void Run_RouterThatHolds_PlainAgreesWithFast(string order)
    {
        var held = 0;
        for (var number = 0; number < 80; number++)
        {
            var scenario = new RandomCase(number);
            var values = new PolicyValues(new Dictionary<string, object> { ["router_queue_threshold"] = 0.5, ["router_queue_policy"] = order });
            var limit = number % 5 == 0 ? SimTime.FromSeconds(0.05) : (SimTime?)null;
            RunResult Play(EngineMode mode) => TwinRun.Run(Plan("dynamo_kv", number, mode, new RowSource(scenario.Trace, number % 3 == 0 ? 5 : 0), scenario.Settings, scenario.StepTime, 2) with
            {
                Routing = RoutingPolicies.Find("dynamo_kv")!.Create(values, new RoutingSetup { MaxBatchedTokens = scenario.Settings.MaxNumBatchedTokens }),
                TimeLimit = limit,
            });
            Agree(order, number, scenario.Settings, scenario, Play);
            var requests = Play(EngineMode.Fast).Requests;
            for (var i = 0; i < requests.Count; i++)
            {
                held += requests.Dispatch(i) > requests.Arrival(i) ? 1 : 0;
                Assert.Equal(requests.Worker(i) < 0, requests.Dispatch(i) == SimTime.Never);
            }
        }

        Assert.True(held > 100, $"only {held} requests waited");
    }

    private static void Agree(string policy, int number, EngineSettings settings, object scenario, Func<EngineMode, RunResult> play)
    {
        var (plain, plainError) = Try(() => play(EngineMode.Plain));
        var (fast, fastError) = Try(() => play(EngineMode.Fast));
        Assert.Equal(plainError, fastError);
        if (plain is null || fast is null)
        {
            return;
        }

        Assert.Equal(settings.NotCovered() is null ? "fast" : "plain", fast.EngineMode);
        for (var i = 0; i < plain.Requests.Count; i++)
        {
            Assert.True(
                (plain.Requests.Worker(i), plain.Requests.FirstToken(i), plain.Requests.LastToken(i)) == (fast.Requests.Worker(i), fast.Requests.FirstToken(i), fast.Requests.LastToken(i)),
                $"{policy}, case {number}, request {i}: plain on {plain.Requests.Worker(i)}, fast on {fast.Requests.Worker(i)}; {scenario}");
        }

        Assert.Equal(plain.Fingerprint, fast.Fingerprint);
    }

    private static (RunResult? Result, string? Error) Try(Func<RunResult> play)
    {
        try
        {
            return (play(), null);
        }
        catch (InputException e)
        {
            return (null, e.Message);
        }
    }

    private static RunResult Play(string policy, int number, EngineMode mode, IRequestSource source, EngineSettings settings, RandomCase scenario, int replicas = 3) =>
        TwinRun.Run(Plan(policy, number, mode, source, settings, scenario.StepTime, replicas));

    private static RunPlan Plan(string policy, int number, EngineMode mode, IRequestSource source, EngineSettings settings, IStepTimeSource stepTime, int replicas) => new()
    {
        Source = source,
        Pools = [new PoolPlan { Replicas = replicas, Engine = settings, StepTime = stepTime }],
        Routing = RoutingPolicies.Create(policy)!,
        RouterTiming = (number % 4) switch
        {
            0 => RouterTiming.Default,
            1 => new RouterTiming(SimDuration.FromMilliseconds(3), SimDuration.Zero, InFlightCorrection: true),
            2 => new RouterTiming(SimDuration.FromMilliseconds(50), SimDuration.FromMilliseconds(2), InFlightCorrection: false),
            _ => new RouterTiming(SimDuration.Zero, SimDuration.FromMilliseconds(0.5), InFlightCorrection: true),
        },
        Seed = 7,
        EngineMode = mode,
    };
}
