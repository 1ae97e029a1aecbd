using BenchmarkDotNet.Attributes;
using Foretoken.Engines.SgLang;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Twin;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>The same run as <see cref="ConversationTraceBenchmarks"/> on SGLang: 8.4 million tokens of KV cache per replica, overlap and radix cache on.</summary>
[MemoryDiagnoser]
public class SgLangBenchmarks
{
    private const int Tokens = 8_388_608;

    private static readonly SgLangSpeculation Drafts = new()
    {
        Algorithm = SgLangSpeculativeAlgorithm.Eagle,
        NumSteps = 3,
        NumDraftTokens = 4,
        AcceptanceRates = [0.8, 0.5, 0.2],
    };

    private Trace _trace = null!;

    [GlobalSetup]
    public void Load() => _trace = BenchmarkTrace.Load();

    [Benchmark(Description = "SGLang, round robin, 64-token pages")]
    public ulong RoundRobin64() => Play(64, Tokens, "round_robin", EngineMode.Fast);

    [Benchmark(Description = "SGLang, round robin, 1-token pages")]
    public ulong RoundRobin1() => Play(1, Tokens, "round_robin", EngineMode.Fast);

    [Benchmark(Description = "SGLang, least tokens, 1-token pages, an eighth of the memory")]
    public ulong LeastTokensTight() => Play(1, Tokens / 8, "least_tokens", EngineMode.Fast);

    [Benchmark(Description = "SGLang, round robin, 64-token pages, 3 EAGLE drafts")]
    public ulong RoundRobin64Drafts() => Play(64, Tokens, "round_robin", EngineMode.Fast, Drafts);

    [Benchmark(Description = "SGLang, round robin, 64-token pages, plain engine")]
    public ulong RoundRobin64Plain() => Play(64, Tokens, "round_robin", EngineMode.Plain);

    // The fingerprint is the result, so that no benchmark can get faster by computing something else.
    private ulong Play(int pageSize, int tokens, string routing, EngineMode mode, SgLangSpeculation? drafts = null) => TwinRun.Run(new RunPlan
    {
        Source = new TraceSource(_trace),
        Pools =
        [
            new PoolPlan
            {
                Replicas = 8,
                Engine = new SgLangSettings { MaxTotalTokens = tokens, PageSize = pageSize, MaxRunningRequests = 256, Speculation = drafts },
                StepTime = new PolynomialStepTime(tokens),
            },
        ],
        Routing = RoutingPolicies.Create(routing)!,
        EngineMode = mode,
    }).Fingerprint;
}
