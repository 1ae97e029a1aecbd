using BenchmarkDotNet.Attributes;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Twin;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>The run itself over the conversation trace on 8 replicas with 16-token blocks, one thread, warm, under each kind of router.</summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private Trace _trace = null!;

    /// <summary>The router.</summary>
    [Params("least_requests", "dynamo_kv", "sglang_cache_aware", "llm_d", "aibrix_prefix_cache", "model_units")]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Load() => _trace = BenchmarkTrace.Load();

    /// <summary>Caches that never overflow: 524,288 blocks.</summary>
    [Benchmark(Description = "conversation trace, 16-token blocks")]
    public ulong Ample() => Play(524_288);

    /// <summary>Caches that are full after minutes: every new prompt evicts an old one.</summary>
    [Benchmark(Description = "the same with 32,768 blocks")]
    public ulong Tight() => Play(32_768);

    private ulong Play(int blocks)
    {
        var policy = RoutingPolicies.Find(Policy)!;
        return TwinRun.Run(new RunPlan
        {
            Source = new TraceSource(_trace),
            Pools =
            [
                new PoolPlan
                {
                    Replicas = 8,
                    Engine = new VllmSettings { NumGpuBlocks = blocks, BlockSize = 16, MaxModelLen = 131_072, MaxNumSeqs = 256 },
                    StepTime = new PolynomialStepTime(524_288L * 16),
                },
            ],
            Routing = policy.Create(PolicyValues.Defaults, RoutingSetup.None),
            RouterTiming = policy.Timing,
        }).Fingerprint;
    }
}
