using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.TrtLlm;
using Foretoken.Engines.Vllm;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scenarios.Model;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class DeploymentScenarioTests
{
    private const string Llama = "model: meta-llama/Llama-3.1-70B\ngpu: h100-sxm\ntensor_parallel: 4\n";

    [Fact]
    public void Load_WithoutAWorkload_AsksForChatTraffic()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Llama + "engine: {kind: vllm}\n");
        var model = ScenarioFile.Load(folder.PathOf("s.yaml")).Model;
        Assert.IsType<SyntheticWorkloadModel>(model.Workload);
        Assert.Contains(model.Derived, d => d.Path == "workload.preset" && d.Value == "chat" && d.From.StartsWith("default", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_DecodeContextParallel_SharesTheCache()
    {
        // Eight ranks keep the one latent vector of a token eight times; shared by eight, it is there once.
        const string DeepSeek = "model: deepseek-ai/DeepSeek-V3\ngpu: h200-sxm\ntensor_parallel: 8\nexpert_parallel: 8\nengine: {kind: vllm}\n";
        var copies = Load(DeepSeek).Model.Engine.Memory!.Blocks;
        Assert.Equal(8 * copies, Load(DeepSeek + "decode_context_parallel: 8\n").Model.Engine.Memory!.Blocks);
        var exception = Assert.Throws<InputException>(() => Load(Llama + "engine: {kind: sglang}\ndecode_context_parallel: 3\nsequence_parallel: true\n"));
        Assert.Contains(exception.Problems, p => p.Place.EndsWith("decode_context_parallel", StringComparison.Ordinal) && p.Message.Contains("divide", StringComparison.Ordinal));
        Assert.Contains(exception.Problems, p => p.Place.EndsWith("decode_context_parallel", StringComparison.Ordinal) && p.Message.Contains("KV heads", StringComparison.Ordinal));
        Assert.Contains(exception.Problems, p => p.Place.EndsWith("sequence_parallel", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_Price_IsTheMiddleOfTheCataloguesUnlessItIsWritten()
    {
        var model = Load(Llama).Model;
        var gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!;
        Assert.Equal((gpu.PriceLow!.Value + gpu.PriceHigh!.Value) / 2, model.Pools[0].GpuHourPrice);
        Assert.Contains("listings", Assert.Single(model.Derived, d => d.Path == "hardware.price_per_gpu_hour").From, StringComparison.Ordinal);
        Assert.Equal(1.25, Load(Llama + "hardware: {price_per_gpu_hour: 1.25}").Model.Pools[0].GpuHourPrice);
        Assert.Null(Load("").Model.Pools[0].GpuHourPrice);
    }

    [Fact]
    public void Load_ModelGpuAndLayout_SayEverythingElse()
    {
        var model = Load(Llama + "engine: {kind: vllm}").Model;
        var settings = Assert.IsType<VllmSettings>(model.Engine.Settings);
        Assert.Equal((1024, 8192, 16, 131_072), (settings.MaxNumSeqs, settings.MaxNumBatchedTokens, settings.BlockSize, settings.MaxModelLen));
        Assert.Equal(model.Engine.Memory!.Blocks, settings.NumGpuBlocks);
        Assert.Equal(4, model.GpusPerReplica);
        var deployment = Assert.IsType<CoefficientsStepTimeModel>(model.StepTime).Deployment;
        Assert.Equal(("h100-sxm", 4, EngineKind.Vllm), (deployment.Gpu.Name, deployment.Layout.TensorParallel, deployment.Engine));

        // The sum is the one that "models memory" prints: every line adds up to the cache.
        var lines = model.Engine.Memory.Lines;
        Assert.Equal(lines[^1].Bytes, lines.SkipLast(1).Sum(l => l.Bytes));
        Assert.Equal(lines[^1].Bytes / (80 / 4 * 4 * 16 * 2L * 2 * 128 * 2), settings.NumGpuBlocks);
    }

    [Theory]
    [InlineData("newest", "b300-sxm", 16_384)]
    [InlineData("0.28.0", "b300-sxm", 16_384)]
    [InlineData("0.19.0", "b300-sxm", 8192)]
    [InlineData("0.19.0", "a100-80gb-sxm", 2048)]
    [InlineData("0.8.5", "a100-80gb-sxm", 8192)]
    [InlineData("0.19.0", "l40s", 2048)]
    public void Load_ReleaseAndGpu_DecideVllmsBudget(string version, string gpu, int tokens)
    {
        var settings = Assert.IsType<VllmSettings>(Load($"model: meta-llama/Llama-3.1-8B\ngpu: {gpu}\nengine: {{version: {version}, max_model_len: 32k}}").Model.Engine.Settings);
        Assert.Equal(tokens, settings.MaxNumBatchedTokens);
        Assert.Equal(tokens == 2048 ? 256 : 1024, settings.MaxNumSeqs);
    }

    [Fact]
    public void Load_OlderVllm_LeavesATenthAndDoesNotCountGraphs()
    {
        var old = Load(Llama + "engine: {version: 0.11.0}").Model.Engine.Memory!;
        var fresh = Load(Llama + "engine: {version: 0.21.0}").Model.Engine.Memory!;
        Assert.Equal("(1 - 0.9) x", old.Lines.Single(l => l.Name == "not for the engine").Formula[..11]);
        Assert.Equal(0, old.Lines.Single(l => l.Name == "CUDA graphs").Bytes);
        Assert.Equal("(1 - 0.92) x", fresh.Lines.Single(l => l.Name == "not for the engine").Formula[..12]);
        Assert.True(fresh.Lines.Single(l => l.Name == "CUDA graphs").Bytes < 0);
    }

    [Fact]
    public void Load_BlocksOfAServer_AreTaken()
    {
        var settings = Assert.IsType<VllmSettings>(Load(Llama + "engine: {kv_blocks: 20_000}").Model.Engine.Settings);
        Assert.Equal(20_000, settings.NumGpuBlocks);
    }

    [Fact]
    public void Load_BlocksGiven_StillAddUp()
    {
        var lines = Load(Llama + "engine: {kv_blocks: 20_000}").Model.Engine.Memory!.Lines;
        Assert.Equal(lines[^1].Bytes, lines.SkipLast(1).Sum(l => l.Bytes));
        Assert.Equal(20_000 * (80 / 4 * 4 * 16 * 2L * 2 * 128 * 2), lines[^1].Bytes);
    }

    [Theory]
    [InlineData("{kv_blocks: 1_000_000}", "engine.num_gpu_blocks")]
    [InlineData("{kv_cache_memory_bytes: 5TiB}", "engine.kv_cache_memory_bytes")]
    [InlineData("{kind: sglang, max_total_tokens: 100M}", "engine.max_total_tokens")]
    [InlineData("{kind: trtllm, kv_blocks: 1_000_000}", "engine.num_kv_blocks")]
    public void Load_MoreBlocksThanMemory_IsAProblem(string engine, string path)
    {
        var problem = Assert.Single(Assert.Throws<InputException>(() => Load(Llama + "engine: " + engine)).Problems);
        Assert.EndsWith(path, problem.Place, StringComparison.Ordinal);
        Assert.Contains("does not fit beside weights of 32.9 GiB", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.13.0", false)]
    [InlineData("0.14.0", true)]
    [InlineData("newest", true)]
    public void Load_Release_DecidesAsyncScheduling(string version, bool on)
    {
        var file = Load(Llama + $"engine: {{version: {version}}}");
        Assert.Equal(on, Assert.IsType<VllmSettings>(file.Model.Engine.Settings).AsyncScheduling);
        Assert.Equal(on ? "true" : "false", ScenarioText.Rows(file).Single(r => r.Path == "engine.async_scheduling").Value);
        Assert.True(Assert.IsType<VllmSettings>(Load(Llama + "engine: {version: 0.13.0, async_scheduling: true}").Model.Engine.Settings).AsyncScheduling);
    }

    [Fact]
    public void Explain_Drafts_SaysWhatTheyBring()
    {
        var text = ScenarioText.Explain(Load("model: DeepSeek-V4-Pro\ngpu: b300\ntensor_parallel: 8\nexpert_parallel: 8\nengine: {kind: sglang, speculative: deepseek-v4-mtp2}"));
        foreach (var part in (string[])["31 layers: ", "30 layers: ", "outside of layers", "drafting", "the step / 2.145 tokens per step", "times as fast"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Notes_GpuWithoutCoefficients_SayGeneric()
    {
        var file = Load(Llama.Replace("h100-sxm", "mi300x", StringComparison.Ordinal));
        Assert.Contains(DeploymentText.Notes(file), n => n.Contains("the generic set", StringComparison.Ordinal));
        Assert.Contains("generic", DeploymentText.Headline(file)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OverrideBesideABareName_KeepsTheName()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Llama);
        var target = ScenarioFile.Load(folder.PathOf("s.yaml"), new ScenarioOverrides().Set("model.weights=fp8")).Model.Target!;
        Assert.Equal("meta-llama/Llama-3.1-70B (fp8)", target.Title[..30]);
    }

    [Fact]
    public void Load_LengthAuto_IsWhatFits()
    {
        var yaml = "model: meta-llama/Llama-3.1-8B\ngpu: l4\n";
        var e = Assert.Throws<InputException>(() => Load(yaml));
        Assert.Contains("131072 does not fit into the KV cache", e.Problems[0].Message, StringComparison.Ordinal);
        var settings = Assert.IsType<VllmSettings>(Load(yaml + "engine: {max_model_len: auto}").Model.Engine.Settings);
        Assert.Equal(settings.UsableBlocks * settings.BlockSize, settings.MaxModelLen);
        Assert.InRange(settings.MaxModelLen, 1000, 131_071);
    }

    [Fact]
    public void Load_HybridModel_HasTheGroupsOfItsLayers()
    {
        var settings = Assert.IsType<VllmSettings>(Load("model: openai/gpt-oss-20b\ngpu: h100-sxm").Model.Engine.Settings);
        Assert.Equal([null, 128], settings.KvCacheGroups.Select(g => g.SlidingWindow));
        Assert.Equal((long)settings.NumGpuBlocks / 2 * 16, settings.KvPoolTokens);
    }

    [Fact]
    public void Load_SgLang_DerivesPoolAndLimits()
    {
        var model = Load(Llama + "engine: sglang").Model;
        var settings = Assert.IsType<SgLangSettings>(model.Engine.Settings);
        Assert.Equal(model.Engine.Memory!.Blocks, settings.MaxTotalTokens);
        Assert.Equal((8192, 131_072, 2048), (settings.ChunkedPrefillSize, settings.ContextLength, settings.MaxRunningRequests));
        Assert.Equal(512, model.Engine.MemorySettings!.GraphBatch);
    }

    [Fact]
    public void Load_Formats_ChangeWeightsAndCache()
    {
        var model = Load(Llama + "engine: {kv_cache_dtype: fp8}").Model;
        Assert.Equal(2, Load(Llama).Model.Engine.Memory!.Pool.BytesPerBlock / model.Engine.Memory!.Pool.BytesPerBlock);
        var quantised = Load(Llama.Replace("model: meta-llama/Llama-3.1-70B", "model: {name: Llama-3.1-70B, weights: fp8}", StringComparison.Ordinal)).Model;
        Assert.InRange(model.Engine.Memory.WeightBytes / (double)quantised.Engine.Memory!.WeightBytes, 1.9, 2.0);
    }

    [Theory]
    [InlineData("model: Llama-3.1-7B\ngpu: h100", "model.name", "no model is called 'Llama-3.1-7B'", "did you mean Llama-3.1-8B?")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100sx", "gpu", "no GPU is called 'h100sx'", "did you mean h100-sxm?")]
    [InlineData("model: Llama-3.1-8B", "model.name", "needs a GPU", "gpu: h100-sxm")]
    [InlineData("gpu: h100", "gpu", "needs a model", "add model:")]
    [InlineData("tensor_parallel: 2", "tensor_parallel", "decides nothing", "add model:")]
    [InlineData("model: Llama-3.1-70B\ngpu: h100\ntensor_parallel: 3", "tensor_parallel", "does not divide 64 attention heads", "one of 1, 2, 4")]
    [InlineData("model: Llama-3.1-70B\ngpu: h100", "tensor_parallel", "does not fit", "more GPUs")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100\nengine: {version: soon}", "engine.version", "'soon' is no release", "0.11.0")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100\nhardware: {gpu_memory: 80GiB}", "hardware.gpu_memory", "follows from the GPU", "remove it")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100\nfleet: {gpus_per_replica: 2}", "fleet.gpus_per_replica", "is 2, but the layout", "remove it")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100\nexpert_parallel: 2", "expert_parallel", "has no experts", "leave it out")]
    [InlineData("model: Llama-3.1-8B\ngpu: h100\nengine: {mem_fraction_static: 0.8}", "engine.mem_fraction_static", "does not apply to kind: vllm", "sglang")]
    [InlineData("engine: {all2all_backend: pplx}", "engine.all2all_backend", "decides nothing", "add model:")]
    [InlineData("model: deepseek-ai/DeepSeek-V3\ngpu: h200\ntensor_parallel: 8\nengine: {all2all_backend: pplx}", "engine.all2all_backend", "has no data_parallel", "allgather_reducescatter")]
    [InlineData("model: deepseek-ai/DeepSeek-V3\ngpu: h200\ndata_parallel: 16\nexpert_parallel: 8\nengine: {kind: sglang, moe_a2a_backend: deepep}", "engine.moe_a2a_backend", "experts in 8 groups on 16 ranks", "moe_a2a_backend: none")]
    [InlineData("model: deepseek-ai/DeepSeek-V3\ngpu: h200\ndata_parallel: 16\nexpert_parallel: 16\nengine: {kind: sglang, deepep_mode: normal}", "engine.deepep_mode", "decides nothing without moe_a2a_backend", "add it")]
    [InlineData("model: deepseek-ai/DeepSeek-V3\ngpu: h200\ndata_parallel: 16\nexpert_parallel: 16\nengine: {kind: trtllm, force_comm_method: NVLINK_ONE_SIDED}", "engine.force_comm_method", "works over NVLink", "DEEPEP")]
    [InlineData("step_time: coefficients", "step_time.source", "need to know what is served on what", "model: and gpu:")]
    [InlineData("model: {name: Llama-3.1-8B, kv_bytes_per_token: 128KiB}\ngpu: h100", "model.kv_bytes_per_token", "follows from the model", "remove it")]
    public void Load_WhatCannotBe_IsToldAtItsPlace(string yaml, string path, string message, string fix)
    {
        var problems = Assert.Throws<InputException>(() => Load(yaml)).Problems;
        var problem = Assert.Single(problems, p => p.Message.Contains(message, StringComparison.Ordinal));
        Assert.EndsWith(": " + path, problem.Place, StringComparison.Ordinal);
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: vllm", ExpertExchange.AllGatherReduceScatter)]
    [InlineData("kind: vllm, all2all_backend: deepep_low_latency", ExpertExchange.DeepEpLowLatency)]
    [InlineData("kind: vllm, all2all_backend: pplx", ExpertExchange.AllToAll)]
    [InlineData("kind: sglang", ExpertExchange.AllGatherReduceScatter)]
    [InlineData("kind: sglang, moe_a2a_backend: deepep", ExpertExchange.DeepEpAuto)]
    [InlineData("kind: sglang, moe_a2a_backend: deepep, deepep_mode: normal", ExpertExchange.DeepEpNormal)]
    [InlineData("kind: trtllm", ExpertExchange.AllToAll)]
    [InlineData("kind: trtllm, force_comm_method: ALLGATHER", ExpertExchange.AllGatherReduceScatter)]
    public void Load_ExchangeOfTokens_IsTheEnginesOwnWord(string engine, ExpertExchange exchange) =>
        Assert.Equal(exchange, Load($"model: deepseek-ai/DeepSeek-V3\ngpu: gb200\ndata_parallel: 16\nexpert_parallel: 16\nengine: {{{engine}}}").Model.Target!.Exchange);

    [Fact]
    public void Load_SeveralWrong_AreAllTold()
    {
        var problems = Assert.Throws<InputException>(() => Load("model: Llama-3.1-7B\ngpu: h100sx\nengine: {version: soon, max_num_sqs: 3}\nstep_time: {source: tabel}")).Problems;
        Assert.Equal(5, problems.Count);
    }

    [Fact]
    public void Load_ConfigBesideTheScenario_IsRead()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("m"));
        File.WriteAllText(folder.PathOf("m/config.json"), """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 4, "num_attention_heads": 32,
             "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 32000, "max_position_embeddings": 8192, "torch_dtype": "bfloat16", "tie_word_embeddings": false}
            """);
        File.WriteAllText(folder.PathOf("s.yaml"), "model: m\ngpu: l4\nworkload: {preset: chat}");
        var model = ScenarioFile.Load(folder.PathOf("s.yaml")).Model;
        Assert.Equal(4, model.Target!.Shape.Layers.Count);
        Assert.Equal(8192, Assert.IsType<VllmSettings>(model.Engine.Settings).MaxModelLen);
    }

    [Fact]
    public void Load_CatalogueBesideTheScenario_IsUsed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("ours.yaml"), "gpus: [{name: ours, like: h100-sxm, memory: 40GiB, usable_memory: 40GiB}]");
        File.WriteAllText(folder.PathOf("s.yaml"), "catalogue: ours.yaml\nmodel: Llama-3.1-8B\ngpu: ours\nworkload: {preset: chat}\nengine: {max_model_len: 16k}");
        var model = ScenarioFile.Load(folder.PathOf("s.yaml")).Model;
        Assert.Equal(40L << 30, model.Engine.Memory!.Lines[0].Bytes);
        Assert.Equal(256, Assert.IsType<VllmSettings>(model.Engine.Settings).MaxNumSeqs);
    }

    [Fact]
    public void Load_TrtLlm_HasItsDefaults()
    {
        var model = Load(Llama + "engine: trtllm").Model;
        var settings = Assert.IsType<TrtLlmSettings>(model.Engine.Settings);
        Assert.Equal((2048, 8192, 32, 131_072), (settings.MaxBatchSize, settings.MaxNumTokens, settings.TokensPerBlock, settings.MaxSeqLen));
        Assert.Equal(model.Engine.Memory!.Blocks, settings.NumKvBlocks);
        Assert.Equal(1000, Assert.IsType<TrtLlmSettings>(Load(Llama + "engine: {kind: trtllm, max_tokens: 32_010}").Model.Engine.Settings).NumKvBlocks);
        Assert.Equal(64, Assert.IsType<TrtLlmSettings>(Load("engine: {kind: trtllm, kv_blocks: 64}").Model.Engine.Settings).NumKvBlocks);
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    [InlineData("trtllm")]
    public void Load_AttentionDataParallel_GivesEachRankItsOwn(string kind)
    {
        const string V3 = "model: deepseek-ai/DeepSeek-V3\ngpu: h200\nexpert_parallel: 8\ndata_parallel: 8\n";
        var model = Load(V3 + $"engine: {kind}").Model;
        Assert.Equal(8, model.GpusPerReplica);
        Assert.Equal(8 * model.Engine.Memory!.Blocks * model.Engine.Settings.KvBlockTokens, model.Engine.Settings.KvPoolTokens);
        if (model.Engine.Settings is SgLangSettings sglang)
        {
            Assert.Equal((1024, 0.3), (sglang.ChunkedPrefillSize, sglang.ScheduleConservativeness));
        }
    }

    [Fact]
    public void Load_DataParallelWithoutExperts_IsNoLockstepInVllm() =>
        Assert.Contains("each for itself", Assert.Throws<InputException>(() => Load("model: Llama-3.1-8B\ngpu: h100\ndata_parallel: 2")).Problems[0].Message, StringComparison.Ordinal);

    [Fact]
    public void Load_Frontend_IsTheMeasuredOneUnlessGiven()
    {
        var measured = Calibration.BuiltIn.Of("vllm", "");
        var times = Load(Llama).Model.Frontend;
        Assert.Equal(measured.FrontendMs, times.Request.TotalMilliseconds, 6);
        Assert.Equal(SimDuration.Zero, times.Response);
        Assert.Equal(SimDuration.Zero, Load(Llama + "frontend: {response: 1ms}").Model.Frontend.Request);
        Assert.Equal(SimDuration.Zero, Load("step_time: polynomial").Model.Frontend.PerPromptToken);
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    [InlineData("trtllm")]
    public void Run_Deployment_EndsEveryRequest(string kind)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), Llama + $"engine: {kind}\nworkload: {{preset: chat, requests: 200}}");
        var file = ScenarioFile.Load(folder.PathOf("s.yaml"));
        using var prepared = PlanBuilder.Build(file);
        var result = TwinRun.Run(prepared.Plan);
        Assert.Equal(StopReason.Completed, result.StopReason);
        Assert.Contains("meta-llama/Llama-3.1-70B (bf16) on 4 x h100-sxm, TP 4", DeploymentText.Headline(file)[0], StringComparison.Ordinal);
        var text = ScenarioText.Explain(file);
        foreach (var part in (string[])["memory of one GPU", "weights: attention", "a decode step of 32 requests", "all-reduce", "the step"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "newest")]
    [InlineData("newest", "newest")]
    [InlineData("nightly-dev-20260216-d3bae71e", "newest")]
    [InlineData("gpt-oss-dev", "newest")]
    [InlineData("v0.11", "0.11.0")]
    [InlineData("0.5.10.post1", "0.5.10")]
    [InlineData("1.0.0rc3", "1.0.0")]
    [InlineData("1.2.0rc6.post2", "1.2.0")]
    [InlineData("soon", null)]
    [InlineData("7", null)]
    public void Parse_Releases_AsTheyAreWritten(string text, string? read) => Assert.Equal(read, EngineVersion.Parse(text)?.ToString());

    private static ScenarioFile Load(string yaml)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), yaml + "\nworkload: {preset: chat}");
        return ScenarioFile.Load(folder.PathOf("s.yaml"));
    }
}
