using BenchmarkDotNet.Attributes;
using Foretoken.Engines.TrtLlm;
using Foretoken.Hardware.Coefficients;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>The conversation trace on TensorRT-LLM: Llama-3.1-8B, one H100 per replica, 464,000 tokens of KV cache, prompts in chunks.</summary>
[MemoryDiagnoser]
public class TrtLlmBenchmarks
{
    private Trace _trace = null!;
    private CoefficientsStepTime _stepTime = null!;

    [GlobalSetup]
    public void Load()
    {
        _trace = BenchmarkTrace.Load();
        _stepTime = BenchmarkDeployment.CreateSmall();
    }

    [Benchmark(Description = "TensorRT-LLM, Llama-3.1-8B, 8 replicas")]
    public ulong Aggregated() => Play(divided: false, EngineMode.Fast);

    [Benchmark(Description = "TensorRT-LLM, Llama-3.1-8B, 8 replicas, plain engine")]
    public ulong AggregatedPlain() => Play(divided: false, EngineMode.Plain);

    [Benchmark(Description = "TensorRT-LLM, Llama-3.1-8B, 4 prefill + 4 decode with transfers")]
    public ulong Disaggregated() => Play(divided: true, EngineMode.Fast);

    [Benchmark(Description = "TensorRT-LLM, Llama-3.1-8B, 4 prefill + 4 decode with transfers, plain engine")]
    public ulong DisaggregatedPlain() => Play(divided: true, EngineMode.Plain);

    private ulong Play(bool divided, EngineMode mode) => BenchmarkFleet.Play(
        _trace,
        new TrtLlmSettings { NumKvBlocks = 14_500, MaxSeqLen = 131_072, MaxBatchSize = 256, EnableChunkedPrefill = true },
        _stepTime,
        divided ? HandOffOrder.PrefillFirst : null,
        mode);
}
