using BenchmarkDotNet.Attributes;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>The run itself (no reading, no report) over the 59-minute conversation trace on 8 replicas, one thread, warm.</summary>
[MemoryDiagnoser]
public class ConversationTraceBenchmarks
{
    private Trace _trace = null!;

    private CoefficientsStepTime _coefficients = null!;

    [GlobalSetup]
    public void Load()
    {
        _trace = BenchmarkTrace.Load();
        _coefficients = BenchmarkDeployment.Create();
    }

    [Benchmark(Description = "round robin, 512-token blocks")]
    public ulong RoundRobin512() => Play(512, 16_384, "round_robin", EngineMode.Fast);

    [Benchmark(Description = "least tokens, 16-token blocks")]
    public ulong LeastTokens16() => Play(16, 524_288, "least_tokens", EngineMode.Fast);

    [Benchmark(Description = "round robin, 512-token blocks, plain engine")]
    public ulong RoundRobin512Plain() => Play(512, 16_384, "round_robin", EngineMode.Plain);

    [Benchmark(Description = "least tokens, 16-token blocks, plain engine")]
    public ulong LeastTokens16Plain() => Play(16, 524_288, "least_tokens", EngineMode.Plain);

    [Benchmark(Description = "round robin, 512-token blocks, coefficients")]
    public ulong RoundRobin512Coefficients() => Play(512, 16_384, "round_robin", EngineMode.Fast, _coefficients);

    [Benchmark(Description = "least tokens, 16-token blocks, coefficients")]
    public ulong LeastTokens16Coefficients() => Play(16, 524_288, "least_tokens", EngineMode.Fast, _coefficients);

    // The fingerprint is the result, so that no benchmark can get faster by computing something else.
    private ulong Play(int blockSize, int blocks, string routing, EngineMode mode, IStepTimeSource? stepTime = null)
    {
        RunResult result = TwinRun.Run(new RunPlan
        {
            Source = new TraceSource(_trace),
            Pools =
            [
                new PoolPlan
                {
                    Replicas = 8,
                    Engine = new VllmSettings { NumGpuBlocks = blocks, BlockSize = blockSize, MaxModelLen = 131_072, MaxNumSeqs = 256 },
                    StepTime = stepTime ?? new PolynomialStepTime((long)blocks * blockSize),
                },
            ],
            Routing = RoutingPolicies.Create(routing)!,
            EngineMode = mode,
        });
        return result.Fingerprint;
    }
}
