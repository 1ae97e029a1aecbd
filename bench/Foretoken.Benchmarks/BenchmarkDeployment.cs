using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;

namespace Foretoken.Benchmarks;

/// <summary>Step times of real hardware to benchmark with.</summary>
internal static class BenchmarkDeployment
{
    /// <summary>Llama-3.1-70B on four H100 under vLLM.</summary>
    public static CoefficientsStepTime Create() => CoefficientsStepTime.Create(
        new Deployment
        {
            Model = ModelCatalogue.BuiltIn.Find("meta-llama/Llama-3.1-70B")!.Shape,
            Gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!,
            Engine = EngineKind.Vllm,
            Layout = new ParallelLayout { TensorParallel = 4 },
            MaxSequences = 256,
        },
        "benchmark");

    /// <summary>Llama-3.1-8B on one H100 under SGLang.</summary>
    public static CoefficientsStepTime CreateSmall() => CoefficientsStepTime.Create(
        new Deployment
        {
            Model = ModelCatalogue.BuiltIn.Find("meta-llama/Llama-3.1-8B")!.Shape,
            Gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!,
            Engine = EngineKind.Sglang,
            MaxSequences = 256,
        },
        "benchmark");
}
