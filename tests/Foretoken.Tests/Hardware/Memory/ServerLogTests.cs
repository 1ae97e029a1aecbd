using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin.Deployments;
using Xunit;

namespace Foretoken.Tests.Hardware.Memory;

/// <summary>What real servers said at their start, against what follows from model, GPU and flags alone.</summary>
public sealed class ServerLogTests
{
    private const double Gib = 1L << 30;

    /// <summary>vllm #21348, mid-2025, four H100: "Available KV cache memory: 8.11 GiB".</summary>
    [Fact]
    public void Plan_Qwen235bOnVllm_IsWithinHalfAGibibyteOfTheLog() => Assert.Equal(8.11, Kv(Qwen235b(), new EngineMemory { Version = new EngineVersion(0, 9, 2) }, ranks: 4), 0.5);

    /// <summary>The same issue: SGLang with mem_fraction_static 0.93 allocates 8.23 + 8.23 GB for 367,404 tokens.</summary>
    [Fact]
    public void Plan_Qwen235bOnSglang_IsWithinHalfAGibibyteOfTheLog()
    {
        var kv = Kv(Qwen235b(), new EngineMemory { Kind = EngineKind.Sglang, MemoryFraction = 0.93 }, ranks: 4);
        Assert.Equal(16.46, kv, 0.5);
    }

    /// <summary>vllm #27508, October 2025, one H100, 0.95 and 1024 tokens a step: 1.71 GiB left.</summary>
    [Fact]
    public void Plan_GptOssOnOneH100_IsNearTheLog()
    {
        var engine = new EngineMemory { Version = new EngineVersion(0, 11, 0), MemoryFraction = 0.95 };
        Assert.Equal(1.71, Kv(GptOss(), engine, ranks: 1, tokens: 1024), 1.1);
    }

    /// <summary>vllm #23278, August 2025, the same at 0.9 and 8192 tokens a step: -2.14 GiB, so it did not start.</summary>
    [Fact]
    public void Plan_GptOssWithDefaultsOfThen_DoesNotFitAsItDidNot()
    {
        var e = Assert.Throws<InputException>(() => Kv(GptOss(), new EngineMemory { Version = new EngineVersion(0, 10, 1) }, ranks: 1));
        Assert.Contains("does not fit", e.Message, StringComparison.Ordinal);
    }

    /// <summary>vllm #33155: "Model loading took 64.38 GiB" for gpt-oss-120b.</summary>
    [Fact]
    public void Plan_GptOssWeights_ArePaddedAsVllmDoes()
    {
        var gpu = GpuCatalogue.BuiltIn.Find("h200-sxm")!;
        var plan = MemoryModel.Plan(GptOss(), gpu.MemoryBytes, new ParallelLayout(), new EngineMemory());
        Assert.Equal(64.38, plan.WeightBytes / Gib, 0.3);
    }

    /// <summary>sglang PR #11716, eight H200: 137.29 GiB free before weights are loaded.</summary>
    [Fact]
    public void Plan_SglangBeforeWeights_HasWhatItsLogSays()
    {
        var gpu = GpuCatalogue.BuiltIn.Find("h200-sxm")!;
        var layout = new ParallelLayout { TensorParallel = 8 };
        var shape = ModelCatalogue.BuiltIn.Find("Llama-3.1-70B")!.Shape;
        var engine = MemoryDefaults.Complete(new EngineMemory { Kind = EngineKind.Sglang, MemoryFraction = 1 }, null, null, gpu, shape, layout);
        var plan = MemoryModel.Plan(shape, gpu.MemoryBytes, layout, engine);
        Assert.Equal(137.29, (plan.KvBytes + plan.WeightBytes) / Gib, 0.3);
    }

    private static double Kv(ModelShape model, EngineMemory given, int ranks, int? tokens = null)
    {
        var gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!;
        var layout = new ParallelLayout { TensorParallel = ranks };
        var engine = MemoryDefaults.Complete(given, tokens, null, gpu, model, layout);
        return MemoryModel.Plan(model, gpu.MemoryBytes, layout, engine).KvBytes / Gib;
    }

    private static ModelShape GptOss() => ModelCatalogue.BuiltIn.Find("gpt-oss-120b")!.Shape;

    private static ModelShape Qwen235b() => ModelConfig.Load(SharedData.Require("model_configs/Qwen--Qwen3-235B-A22B-FP8_config.json"));
}
