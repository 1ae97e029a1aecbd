using Foretoken.Workloads.Synthetic;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>The three ways in which tools jitter lengths.</summary>
internal static class RandomLengths
{
    /// <summary>Any whole number of [int(ratio x length), length] (InferenceX, SGLang).</summary>
    public static DistributionSpec UpTo(int length, double ratio) => Uniform(Math.Max(1, Math.Floor(length * ratio)), length);

    /// <summary>Any whole number of [floor(length x (1 - ratio)), ceil(length x (1 + ratio))] (vLLM).</summary>
    public static DistributionSpec Around(int length, double ratio) => Uniform(Math.Max(1, Math.Floor(length * (1 - ratio))), Math.Ceiling(length * (1 + ratio)));

    /// <summary>Normal, drawn again while below one token, rounded (AIPerf, GenAI-Perf, inference-perf).</summary>
    public static DistributionSpec Normal(double mean, double deviation) => deviation == 0
        ? DistributionSpec.Fixed(Math.Max(1, Math.Round(mean)))
        : new DistributionSpec { Distribution = DistributionKind.Normal, Mean = mean, StandardDeviation = deviation };

    private static DistributionSpec Uniform(double min, double max) => min >= max
        ? DistributionSpec.Fixed(max)
        : new DistributionSpec { Distribution = DistributionKind.Uniform, Min = min, Max = max };
}
