using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Memory;

public class MemoryModelTests
{
    private const double Gib = 1L << 30;
    private static readonly long H100 = Gpu("h100-sxm");

    /// <summary>Every figure of a public estimate (aiconfigurator: Qwen3-32B-FP8, one H200, 0.9), captured from its program.</summary>
    [Fact]
    public void Plan_Qwen32bFp8OnH200_ReproducesACapturedEstimate()
    {
        var model = Qwen32bFp8();
        // It counts a byte per quantised number and nothing for scales and norms.
        Assert.Equal(34_317_271_040, model.Weights.Where(w => w.Part != ModelPart.Norms).Sum(w => w.Format.NumberBytes(w.Rows, w.Columns)));
        Assert.Equal(131_072, model.KvBytesPerToken(1));
        var engine = new EngineMemory { MemoryFraction = 0.9, BlockSize = 64, KvBytesPerNumber = 1, ActivationBytes = 1_476_395_008, RuntimeBytes = 3_758_096_384, GraphBytes = 0 };
        var plan = MemoryModel.Plan(model, 141L << 30, new ParallelLayout(), engine);
        Assert.Equal(64 * 131_072, plan.Pool.BytesPerBlock);

        // With its weights there are exactly its blocks; with scales and norms (8.9 MB) one block less.
        var scalesAndNorms = plan.WeightBytes - 34_317_271_040;
        Assert.Equal(11_528, plan.Pool.Blocks(plan.KvBytes + scalesAndNorms));
        Assert.InRange(scalesAndNorms, 8_000_000, 10_000_000);
        Assert.Equal(11_527, plan.Blocks);
    }

    [Fact]
    public void Plan_SmallModel_AddsUpByHand()
    {
        var model = Dense(layers: 2);
        var engine = new EngineMemory { MemoryFraction = 0.5, ActivationBytes = 1000, RuntimeBytes = 100, GraphBytes = 10 };
        var plan = MemoryModel.Plan(model, 100_000, new ParallelLayout(), engine);

        // Vocabulary 10 is padded to 64 rows: 2 x 64 x 8 instead of 2 x 10 x 8.
        const long Layer = 64 + 32 + 32 + 64 + (3 * 128) + 16;
        const long Weights = 2 * ((2 * Layer) + (2 * 64 * 8) + 8);
        Assert.Equal(Weights, plan.WeightBytes);
        Assert.Equal(50_000 - Weights - 1110, plan.KvBytes);
        // A block: 16 tokens x 2 layers x (key + value) x 2 heads x 2 numbers x 2 bytes.
        Assert.Equal(16 * 2 * 2 * 2 * 2 * 2, plan.Pool.BytesPerBlock);
        Assert.Equal(plan.KvBytes / 512, plan.Blocks);
        Assert.Equal(plan.KvBytes, plan.Lines.SkipLast(1).Sum(l => l.Bytes));
    }

    [Fact]
    public void Plan_TensorParallel_HalvesMatricesAndKeepsVectors()
    {
        var engine = new EngineMemory { ActivationBytes = 0, RuntimeBytes = 0, GraphBytes = 0 };
        var one = MemoryModel.Plan(Dense(2), 1_000_000, new ParallelLayout(), engine);
        var two = MemoryModel.Plan(Dense(2), 1_000_000, new ParallelLayout { TensorParallel = 2 }, engine);
        const long Vectors = 2 * ((2 * 16) + 8);
        Assert.Equal((one.WeightBytes - Vectors) / 2, two.WeightBytes - Vectors);
        Assert.Equal(one.Pool.BytesPerBlock / 2, two.Pool.BytesPerBlock);

        // Four ranks share two KV heads: each keeps one whole head.
        var four = MemoryModel.Plan(Dense(2), 1_000_000, new ParallelLayout { TensorParallel = 4 }, engine);
        Assert.Equal(two.Pool.BytesPerBlock, four.Pool.BytesPerBlock);
    }

    [Fact]
    public void Plan_LatentAttention_IsWholeOnEveryRank()
    {
        var model = ModelCatalogue.BuiltIn.Find("DeepSeek-V3")!.Shape;
        foreach (var ranks in new[] { 8, 16 })
        {
            var plan = MemoryModel.Plan(model, Gpu("b200"), new ParallelLayout { TensorParallel = ranks, ExpertParallel = ranks }, new EngineMemory());
            Assert.Equal(16L * 61 * 576 * 2, plan.Pool.BytesPerBlock);
        }
    }

    [Fact]
    public void Plan_PipelineStages_TakesTheTightest()
    {
        var engine = new EngineMemory { ActivationBytes = 0, RuntimeBytes = 0, GraphBytes = 0 };
        // Five layers on three stages: vLLM gives 1, 2... the remainder goes to the last stage but one, then the one before.
        Assert.Equal([0, 2, 4, 5], WeightShards.Stages(5, 3));
        Assert.Equal([0, 20, 40, 60, 80], WeightShards.Stages(80, 4));
        var model = Dense(6);
        var plan = MemoryModel.Plan(model, 1_000_000, new ParallelLayout { PipelineParallel = 3 }, engine);
        Assert.Contains(plan.Stage, new[] { 0, 2 }); // Embedding or head besides two layers, never the middle.
        Assert.Equal(2, plan.Pool.LayersPerGroup);
    }

    /// <summary>Logs of real servers: weights of one GPU as vLLM said them, GiB.</summary>
    [Theory]
    [InlineData("Llama-3.1-8B", 1, 14.96)] // vllm PR #10511
    [InlineData("Llama-3.1-8B", 2, 7.48)]
    public void Plan_WeightsPerGpu_EqualVllmsLog(string name, int tensorParallel, double gib)
    {
        var plan = MemoryModel.Plan(ModelCatalogue.BuiltIn.Find(name)!.Shape, H100, new ParallelLayout { TensorParallel = tensorParallel }, new EngineMemory());
        Assert.Equal(gib, plan.WeightBytes / Gib, 0.01);
    }

    /// <summary>The rest of the same log: 79.22 GiB in all, 0.9 of it, 1.79 outside of torch, 1.26 activations, 53.29 left for KV.</summary>
    [Fact]
    public void Plan_Llama8bOnH100_EqualsVllmsLog()
    {
        var engine = new EngineMemory { MemoryFraction = 0.9, Eager = true, RuntimeBytes = (long)(1.79 * Gib) };
        var plan = MemoryModel.Plan(ModelCatalogue.BuiltIn.Find("Llama-3.1-8B")!.Shape, (long)(79.22 * Gib), new ParallelLayout(), engine);
        Assert.Equal(53.29, plan.KvBytes / Gib, 0.03);
        Assert.Equal(-1.26, plan.Lines.Single(l => l.Name == "activations").Bytes / Gib, 0.01);
    }

    [Fact]
    public void Pool_FullAndWindowLayers_ShareMemoryByGroups()
    {
        // gpt-oss: 12 + 12 layers: two groups of 12; a page is 16 tokens x 8 heads x 2 x 64 x 2 bytes.
        var oss = KvPool.Of(ModelCatalogue.BuiltIn.Find("gpt-oss-20b")!.Shape.Layers, new EngineMemory(), 1, 16);
        Assert.Equal(new KvPool(16, 32_768, 12, 2, 12 * 32_768) { GroupWindows = oss.GroupWindows }, oss);
        Assert.Equal([null, 128], oss.GroupWindows);
        // Gemma 3: 10 full and 52 window layers: groups of 10, so 1 + 6.
        var gemma = KvPool.Of(ModelCatalogue.BuiltIn.Find("gemma-3-27b-it")!.Shape.Layers, new EngineMemory(), 1, 16);
        Assert.Equal((10, 7), (gemma.LayersPerGroup, gemma.Groups));
        Assert.Equal([null, 1024, 1024, 1024, 1024, 1024, 1024], gemma.GroupWindows);
    }

    /// <summary>vLLM's log for Qwen3.5-122B on 8 GPUs with 3 draft tokens: attention blocks of 544 tokens, states padded by 2.64 %.</summary>
    [Fact]
    public void Pool_LinearAttention_GrowsBlocksAsVllmLogged()
    {
        var model = ModelConfig.Load(SharedData.Require("model_configs/Qwen--Qwen3.5-122B-A10B_config.json"));
        var engine = new EngineMemory { MtpTokens = 3 };
        var pool = KvPool.Of(model.Layers, engine, 8, 16);
        Assert.Equal(544, pool.BlockSize);
        var state = KvPool.StateBytes(model.Layers.First(l => l.Attention.Kind == AttentionKind.Linear).Attention, engine, 8);
        Assert.Equal(2.64, 100.0 * ((double)pool.PageBytes / state - 1), 0.005);
    }

    [Fact]
    public void Plan_Sglang_KeepsTheStaticFractionForWeightsAndCache()
    {
        var model = ModelCatalogue.BuiltIn.Find("Llama-3.1-8B")!.Shape;
        var plan = MemoryModel.Plan(model, 80L << 30, new ParallelLayout(), new EngineMemory { Kind = EngineKind.Sglang });
        // 512 + 1.5 x 8192 + 1024/8 + 2 x 256 MB = 13,440 of 81,920 MB are kept free: 0.836. A context of 522 MiB is there before.
        Assert.Equal((long)(((80L << 30) - (522L << 20)) * 0.836) - plan.WeightBytes, plan.KvBytes);
        Assert.Equal(plan.KvBytes / 131_072, plan.Blocks);
    }

    [Fact]
    public void Plan_TensorRtLlm_TakesItsFractionOfWhatIsFree()
    {
        var model = ModelCatalogue.BuiltIn.Find("Llama-3.1-8B")!.Shape;
        var engine = new EngineMemory { Kind = EngineKind.TensorRtLlm, ActivationBytes = 1 << 30, RuntimeBytes = 1 << 30 };
        var plan = MemoryModel.Plan(model, 80L << 30, new ParallelLayout(), engine);
        Assert.Equal((long)(((78L << 30) - plan.WeightBytes) * 0.9), plan.KvBytes);
        Assert.Equal(plan.KvBytes / (32 * 131_072), plan.Blocks);
    }

    /// <summary>vLLM #21348: Qwen3-235B-A22B-FP8 on four H100: the weights and the tokens per GiB are ours, the rest of its profile is not known.</summary>
    [Fact]
    public void Plan_Qwen235bFp8_TokensPerGibibyteEqualVllmsLog()
    {
        var model = ModelConfig.Load(SharedData.Require("model_configs/Qwen--Qwen3-235B-A22B-FP8_config.json"));
        var plan = MemoryModel.Plan(model, (long)(79.22 * Gib), new ParallelLayout { TensorParallel = 4 }, new EngineMemory { MemoryFraction = 0.9, Eager = true });
        Assert.Equal(48_128 * 16, plan.Pool.BytesPerBlock);
        // 178,880 tokens in "8.11 GiB" of the first rank; the pool has the size of the smallest rank's.
        Assert.InRange(178_880 / (double)(plan.Pool.Blocks((long)(8.11 * Gib)) * 16), 0.98, 1.0);
    }

    [Fact]
    public void Plan_Overrides_Win()
    {
        var model = Dense(2);
        Assert.Equal(1234, MemoryModel.Plan(model, H100, new ParallelLayout(), new EngineMemory { KvBlocks = 1234 }).Blocks);
        Assert.Equal(100, MemoryModel.Plan(model, H100, new ParallelLayout(), new EngineMemory { KvCacheBytes = 51_200 + 511 }).Blocks);
    }

    [Fact]
    public void Plan_ModelDoesNotFit_SaysByHowMuch()
    {
        var model = ModelCatalogue.BuiltIn.Find("Llama-3.1-70B")!.Shape;
        var engine = new EngineMemory { MemoryFraction = 1, ActivationBytes = 0, RuntimeBytes = 0, GraphBytes = 0 };
        var problem = Assert.Single(Assert.Throws<InputException>(() => MemoryModel.Plan(model, 80L << 30, new ParallelLayout(), engine)).Problems);
        // Weights 131.42 GiB (the vocabulary is a multiple of 64) and two blocks of 5 MiB against 80 GiB.
        Assert.Equal("meta-llama/Llama-3.1-70B does not fit: a GPU of 80.0 GiB lacks 51.43 GiB; weights take 131.42 GiB of it", problem.Message);
        Assert.Equal("engine.tensor_parallel", problem.Place);
    }

    [Fact]
    public void Plan_LayoutThatDoesNotDivide_NamesEveryProblem()
    {
        var qwen = ModelConfig.Parse("q", """
            {"architectures": ["Qwen3MoeForCausalLM"], "num_hidden_layers": 4, "hidden_size": 1024, "num_attention_heads": 16, "head_dim": 128,
             "num_key_value_heads": 4, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 768, "vocab_size": 1000,
             "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
            """, "c.json");
        // 768 / 8 = 96 is no multiple of 128: the known trap of block-quantised experts.
        Assert.Equal(
            ["e.expert_parallel", "e.expert_parallel", "e.expert_parallel"], // gate, up and down
            Problems(qwen, new ParallelLayout { TensorParallel = 8 }));
        Assert.Equal(
            ["e.tensor_parallel", "e.tensor_parallel", "e.pipeline_parallel", "e.expert_parallel", "e.expert_parallel"],
            Problems(qwen, new ParallelLayout { TensorParallel = 3, PipelineParallel = 5, ExpertParallel = 5 })[..5]);
        Assert.Equal(["e.expert_parallel"], Problems(Dense(2), new ParallelLayout { ExpertParallel = 2 }));
        Assert.Equal(["e.tensor_parallel"], Problems(Dense(2), new ParallelLayout { TensorParallel = 0 }));
        Assert.Empty(LayoutChecks.Problems(qwen, new ParallelLayout { TensorParallel = 8, ExpertParallel = 8 }, "e"));
    }

    private static string[] Problems(ModelShape model, ParallelLayout layout) =>
        [.. Assert.Throws<InputException>(() => MemoryModel.Plan(model, H100, layout, new EngineMemory(), "e")).Problems.Select(p => p.Place)];

    private static long Gpu(string name) => GpuCatalogue.BuiltIn.Find(name)!.MemoryBytes;

    private static ModelShape Dense(int layers) => ModelConfig.Parse("m", """
        {"architectures": ["LlamaForCausalLM"], "num_hidden_layers": LAYERS, "hidden_size": 8, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 16, "vocab_size": 10}
        """.Replace("LAYERS", layers.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), "c.json");

    private static ModelShape Qwen32bFp8() => ModelConfig.Parse("Qwen/Qwen3-32B-FP8", """
        {"architectures": ["Qwen3ForCausalLM"], "num_hidden_layers": 64, "hidden_size": 5120, "num_attention_heads": 64, "head_dim": 128,
         "num_key_value_heads": 8, "intermediate_size": 25600, "vocab_size": 151936, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
        """, "c.json");
}
