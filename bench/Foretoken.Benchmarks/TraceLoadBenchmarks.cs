using BenchmarkDotNet.Attributes;
using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>Reading the conversation trace from its .gz into memory, prefix tree included.</summary>
[MemoryDiagnoser]
public class TraceLoadBenchmarks
{
    [Benchmark]
    public Trace Load() => BenchmarkTrace.Load();
}
