using BenchmarkDotNet.Attributes;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.Tiers;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
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

    private static readonly SgLangHiCache Host = new()
    {
        HostTokens = 900_000,
        BytesPerToken = 131_072,
        Layers = 32,
        ToHost = new TierLink(25_000_000_000, SimDuration.Zero),
        FromHost = new TierLink(25_000_000_000, SimDuration.Zero),
    };

    private Trace _trace = null!;
    private CoefficientsStepTime _small = null!;

    [GlobalSetup]
    public void Load()
    {
        _trace = BenchmarkTrace.Load();
        _small = BenchmarkDeployment.CreateSmall();
    }

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

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 8 replicas, longest prefix match first")]
    public ulong LongestPrefixFirst() => PlaySmall(divided: false, SgLangSchedulePolicy.Lpm, EngineMode.Fast);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 8 replicas, longest prefix match first, plain engine")]
    public ulong LongestPrefixFirstPlain() => PlaySmall(divided: false, SgLangSchedulePolicy.Lpm, EngineMode.Plain);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 8 replicas, first come first served")]
    public ulong Small() => PlaySmall(divided: false, SgLangSchedulePolicy.Fcfs, EngineMode.Fast);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 8 replicas, host memory for twice the KV")]
    public ulong HostMemory() => PlaySmall(divided: false, SgLangSchedulePolicy.Fcfs, EngineMode.Fast, Host);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 8 replicas, host memory for twice the KV, plain engine")]
    public ulong HostMemoryPlain() => PlaySmall(divided: false, SgLangSchedulePolicy.Fcfs, EngineMode.Plain, Host);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 4 prefill + 4 decode with transfers")]
    public ulong Disaggregated() => PlaySmall(divided: true, SgLangSchedulePolicy.Fcfs, EngineMode.Fast);

    [Benchmark(Description = "SGLang, Llama-3.1-8B, 4 prefill + 4 decode with transfers, plain engine")]
    public ulong DisaggregatedPlain() => PlaySmall(divided: true, SgLangSchedulePolicy.Fcfs, EngineMode.Plain);

    private ulong PlaySmall(bool divided, SgLangSchedulePolicy policy, EngineMode mode, SgLangHiCache? host = null) => BenchmarkFleet.Play(
        _trace,
        new SgLangSettings { MaxTotalTokens = 450_000, MaxRunningRequests = 256, SchedulePolicy = policy, HiCache = host },
        _small,
        divided ? HandOffOrder.DecodeFirst : null,
        mode);

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
