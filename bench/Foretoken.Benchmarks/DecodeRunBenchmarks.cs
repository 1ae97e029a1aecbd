using BenchmarkDotNet.Attributes;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Benchmarks;

/// <summary>Cost of a decode step's duration per step-time source, in stretches of 64 as the fast engine asks for them.</summary>
public class DecodeRunBenchmarks
{
    private const int Steps = 64;
    private readonly long[] _durations = new long[Steps];
    private IStepTimeSource _source = null!;

    [Params("polynomial", "fixed", "linear", "table", "coefficients")]
    public string Source { get; set; } = "";

    [GlobalSetup]
    public void Create() => _source = Source switch
    {
        "polynomial" => new PolynomialStepTime(8_000_000),
        "fixed" => new FixedStepTime(20, 7.5),
        "coefficients" => BenchmarkDeployment.Create(),
        "linear" => new LinearStepTime(new LinearCoefficients(2, 0.01, 1e-5), new LinearCoefficients(1, 0.1, 0.0004)),
        _ => new TableStepTime(new StepTimeTable
        {
            PrefillTokens = [16, 1024, 8192],
            PrefillMilliseconds = [5, 30, 170],
            DecodeFirstAxis = DecodeAxis.Batch,
            DecodeFirst = [1, 8, 64, 256],
            DecodeContext = [128, 1024, 8192, 32768],
            DecodeMilliseconds = [7, 7, 8, 9, 7, 8, 9, 12, 8, 9, 12, 20, 9, 12, 20, 44],
        }),
    };

    [Benchmark(OperationsPerInvoke = Steps)]
    public long PerStep()
    {
        _source.DecodeRun(40, 40 * 3000, _durations);
        return _durations[Steps - 1];
    }
}
