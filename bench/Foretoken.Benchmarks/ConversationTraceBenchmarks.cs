using BenchmarkDotNet.Attributes;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
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

    [Benchmark(Description = "4 prefill + 4 decode with transfers, 16-token blocks")]
    public ulong Disaggregated16() => PlayDisaggregated(EngineMode.Fast);

    [Benchmark(Description = "4 prefill + 4 decode with transfers, 16-token blocks, plain engine")]
    public ulong Disaggregated16Plain() => PlayDisaggregated(EngineMode.Plain);

    // Llama-3.1-70B's KV (320 KiB a token) over 4 x 50 GB/s per replica.
    private ulong PlayDisaggregated(EngineMode mode)
    {
        var layout = new KvLayout { BytesPerTokenPerRank = 81_920, Ranks = 4, PiecesPerBlock = 160 };
        var pool = new PoolPlan
        {
            Replicas = 4,
            Engine = new VllmSettings { NumGpuBlocks = 524_288, BlockSize = 16, MaxModelLen = 131_072, MaxNumSeqs = 256 },
            StepTime = new PolynomialStepTime(524_288L * 16),
            GpusPerReplica = 4,
        };
        return TwinRun.Run(new RunPlan
        {
            Source = new TraceSource(_trace),
            Pools = [pool with { Name = "prefill", Role = PoolRole.Prefill }, pool with { Name = "decode", Role = PoolRole.Decode }],
            Routing = RoutingPolicies.Create("round_robin")!,
            Disaggregation = new DisaggregationPlan
            {
                Order = HandOffOrder.PrefillFirst,
                DecodeRouting = RoutingPolicies.Create("least_requests")!,
                Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 36e9, Latency = SimDuration.FromMilliseconds(0.5), OperationTime = SimDuration.FromNanoseconds(200) },
            },
            EngineMode = mode,
        }).Fingerprint;
    }

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
