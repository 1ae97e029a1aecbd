using System.Globalization;
using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Coefficients;

public sealed class CoefficientsStepTimeTests
{
    private static readonly (string Model, string Gpu, EngineKind Engine, ParallelLayout Layout)[] Deployments =
    [
        ("meta-llama/Llama-3.1-8B", "h100-sxm", EngineKind.Vllm, new()),
        ("meta-llama/Llama-3.1-70B", "h200-sxm", EngineKind.TensorRtLlm, new() { TensorParallel = 4 }),
        ("openai/gpt-oss-120b", "b200-sxm", EngineKind.Vllm, new() { TensorParallel = 2 }),
        ("deepseek-ai/DeepSeek-V3", "b200-sxm", EngineKind.Sglang, new() { TensorParallel = 8, ExpertParallel = 8 }),
        ("deepseek-ai/DeepSeek-V3.2", "h200-sxm", EngineKind.Vllm, new() { AttentionDataParallel = 8, ExpertParallel = 8 }),
        ("deepseek-ai/DeepSeek-V4-Pro", "b300-sxm", EngineKind.Sglang, new() { TensorParallel = 8, ExpertParallel = 8 }),
        ("Qwen/Qwen3.5-397B-A17B", "b200-sxm", EngineKind.Sglang, new() { TensorParallel = 8 }),
        ("google/gemma-3-27b-it", "l40s", EngineKind.Vllm, new() { TensorParallel = 2 }),
        ("meta-llama/Llama-4-Maverick-17B-128E-Instruct", "mi300x", EngineKind.Vllm, new() { TensorParallel = 8 }),
        ("meta-llama/Llama-3.1-70B", "h100-sxm", EngineKind.Vllm, new() { TensorParallel = 4, PipelineParallel = 2 }),
        ("deepseek-ai/DeepSeek-V3", "h200-sxm", EngineKind.Sglang, new() { TensorParallel = 8, PipelineParallel = 4, ExpertParallel = 8 }),
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Deployments.Length)];

    [Theory]
    [MemberData(nameof(All))]
    public void Milliseconds_AgainstTheExactTwin_AreOffByLessThanAThousandth(int index)
    {
        var source = Source(index);
        var random = new RandomStream((ulong)(index + 7), StreamId.Test);
        var worst = 0.0;
        for (var i = 0; i < 4000; i++)
        {
            var requests = 1 + (int)(random.NextDouble() * (i % 3 == 0 ? 4 : 600));
            var context = requests + (long)(requests * DeterministicMath.Exp(random.NextDouble() * 12));
            var batch = new StepBatch { DecodeRequests = requests, DecodeContextTokens = context };
            var exact = source.ExactMilliseconds(batch);
            worst = Math.Max(worst, Math.Abs((source.Milliseconds(batch) / exact) - 1));
        }

        Assert.InRange(worst, 0, 1e-3);
    }

    [Fact]
    public void Milliseconds_WithDraftsAgainstTheExactTwin_AreOffByLessThanAThousandth()
    {
        var source = CoefficientsStepTime.Create(Source(5).Deployment with { Speculation = new(DraftKind.Mtp, 3) }, "x");
        var random = new RandomStream(3, StreamId.Test);
        for (var i = 0; i < 2000; i++)
        {
            var requests = 1 + random.NextInt(200);
            var batch = new StepBatch { DecodeRequests = requests, DecodeContextTokens = requests * (1L + random.NextInt(60_000)), DraftTokens = 3 * requests - (i % 4 == 0 ? 1 : 0) };
            Assert.InRange(source.Milliseconds(batch) / source.ExactMilliseconds(batch), 1 - 1e-3, 1 + 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void DecodeRun_OfAnyLength_EqualsSingleSteps(int index)
    {
        var source = Source(index);
        Span<long> run = stackalloc long[64];
        foreach (var (requests, context) in new[] { (1, 7L), (3, 900L), (17, 17L * 2040), (256, 256L * 4090), (700, 700L * 130) })
        {
            source.DecodeRun(requests, context, run);
            for (var i = 0; i < run.Length; i++)
            {
                Assert.Equal(NanosecondRounding.Round(source.Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = context + ((long)i * requests) })), run[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Milliseconds_OfAStep_AreNeverBelowThePhysicalBound(int index)
    {
        var (name, gpuName, _, layout) = Deployments[index];
        var source = Source(index);
        var model = ModelCatalogue.BuiltIn.Find(name)!.Shape;
        var gpu = GpuCatalogue.BuiltIn.Find(gpuName)!;
        var figures = CoefficientStore.BuiltIn.Figures(gpu.Name) ?? SystemFigures.Of(gpu);
        var scale = Math.Min(1, Math.Min(Scale(source).Decode, Scale(source).Prefill));

        // Weights that every token reads, once per step and GPU.
        var always = model.Weights.Where(w => w.Part is not (ModelPart.RoutedExperts or ModelPart.Embedding or ModelPart.Norms)).Sum(w => (double)w.Bytes) / layout.TensorParallel;
        var ms = source.Milliseconds(new StepBatch { DecodeRequests = 1, DecodeContextTokens = 1 });
        Assert.True(ms >= scale * always / figures.Bandwidth * 1e-3 * 0.99, $"decode {ms} ms");

        PrefillChunk[] chunk = [new(8192, 0, true)];
        var operations = 8192.0 * model.Layers.SelectMany(l => l.Weights).Where(w => w.Part != ModelPart.RoutedExperts).Sum(w => 2.0 * w.ParametersPerToken) / layout.TensorParallel;
        var peak = Math.Max(figures.Bf16, Math.Max(figures.Fp8, figures.Fp4));
        ms = source.Milliseconds(new StepBatch { Prefills = chunk });
        Assert.True(ms >= scale * operations / peak * 1e-3, $"prefill {ms} ms");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Milliseconds_OfAnyStep_AreNotBelowItsOperatorsBounds(int index)
    {
        var source = Source(index);
        var bound = CoefficientsStepTime.CreateBound(source.Deployment);
        var random = new RandomStream((ulong)(index + 70), StreamId.Test);
        for (var i = 0; i < 2000; i++)
        {
            var requests = (int)DeterministicMath.Exp(random.NextDouble() * 7) - (i % 4 == 0 ? 1 : 0);
            PrefillChunk[] chunks = i % 4 < 2 ? [new(1 + (int)DeterministicMath.Exp(random.NextDouble() * 9), (int)DeterministicMath.Exp(random.NextDouble() * 11), true)] : [];
            if (requests > 0 || chunks.Length > 0)
            {
                var batch = new StepBatch { DecodeRequests = requests, DecodeContextTokens = requests + (long)(requests * DeterministicMath.Exp(random.NextDouble() * 12)), Prefills = chunks };
                var (ms, least) = (source.Milliseconds(batch), bound.Milliseconds(batch));
                Assert.True(least > 0 && ms >= least, $"{requests} requests, {batch.DecodeContextTokens} context, {(chunks.Length > 0 ? chunks[0] : null)}: {ms} ms, bound {least} ms");
            }
        }
    }

    [Fact]
    public void Create_ForEveryModelGpuAndEngine_GivesPositiveFiniteTimes()
    {
        PrefillChunk[] chunk = [new(512, 100, true)];
        foreach (var gpu in GpuCatalogue.BuiltIn.All)
        {
            foreach (var model in ModelCatalogue.BuiltIn.All)
            {
                foreach (var engine in Enum.GetValues<EngineKind>())
                {
                    var source = CoefficientsStepTime.Create(new Deployment { Model = model.Shape, Gpu = gpu, Engine = engine }, "x");
                    var decode = source.Milliseconds(new StepBatch { DecodeRequests = 8, DecodeContextTokens = 8000 });
                    var mixed = source.Milliseconds(new StepBatch { DecodeRequests = 8, DecodeContextTokens = 8000, Prefills = chunk });
                    Assert.True(decode > 0 && double.IsFinite(decode) && mixed >= decode && double.IsFinite(mixed), $"{model.Name} on {gpu.Name} with {engine}: {decode}, {mixed}");
                }
            }
        }
    }

    [Fact]
    public void Notes_ForAGpuWithoutFits_SayThatTheSetIsGeneric()
    {
        var source = Source(8);
        Assert.True(source.IsGeneric);
        Assert.Contains(source.Notes, n => n.Contains("generic set", StringComparison.Ordinal));
        Assert.False(Source(0).IsGeneric);
        Assert.Empty(Source(0).Notes);
    }

    [Fact]
    public void Create_WithALayoutThatDoesNotDivide_ListsEveryProblem()
    {
        var deployment = new Deployment { Model = ModelCatalogue.BuiltIn.Find("meta-llama/Llama-3.1-8B")!.Shape, Gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!, Engine = EngineKind.Vllm, Layout = new() { TensorParallel = 3, ExpertParallel = 2 } };
        var exception = Assert.Throws<InputException>(() => CoefficientsStepTime.Create(deployment, "engine"));
        Assert.Contains(exception.Problems, p => p.Place == "engine.tensor_parallel");
        Assert.Contains(exception.Problems, p => p.Place == "engine.expert_parallel");
    }

    [Fact]
    public void Milliseconds_WithDrafts_CostVerificationAndDrafting()
    {
        var plain = new Deployment { Model = ModelCatalogue.BuiltIn.Find("deepseek-ai/DeepSeek-V3")!.Shape, Gpu = GpuCatalogue.BuiltIn.Find("b200-sxm")!, Engine = EngineKind.Sglang, Layout = new() { TensorParallel = 8 } };
        double Ms(SpeculationCost? speculation, int drafts) => CoefficientsStepTime.Create(plain with { Speculation = speculation }, "x")
            .Milliseconds(new StepBatch { DecodeRequests = 16, DecodeContextTokens = 32000, DraftTokens = drafts });
        var none = Ms(null, 0);
        var ngram = Ms(new(DraftKind.Ngram, 3), 48);
        var mtp = Ms(new(DraftKind.Mtp, 3), 48);
        Assert.True(none < ngram && ngram < mtp && mtp < 4 * none, $"{none} {ngram} {mtp}");
    }

    [Fact]
    public void Milliseconds_WithPipelineStages_HaveABubble()
    {
        var one = new Deployment { Model = ModelCatalogue.BuiltIn.Find("meta-llama/Llama-3.1-70B")!.Shape, Gpu = GpuCatalogue.BuiltIn.Find("h100-sxm")!, Engine = EngineKind.Vllm, Layout = new() { TensorParallel = 4 } };
        var two = one with { Layout = one.Layout with { PipelineParallel = 2 } };
        double Ms(Deployment d, int requests) => CoefficientsStepTime.Create(d, "x").Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = requests * 1000L });

        // A single request walks through both stages; many requests keep both busy, each stage with
        // half of the layers: between a half (attention, which twice the GPUs share) and all of the time (weights, read twice).
        Assert.True(Ms(two, 1) > Ms(one, 1));
        Assert.True(Ms(two, 1) < 1.1 * Ms(one, 1));
        Assert.InRange(Ms(two, 512) / Ms(one, 512), 0.5, 1);
    }

    [Fact]
    public void Milliseconds_WithASharedCacheOrDividedNorms_AreWhatTheSharesSay()
    {
        var copies = new Deployment { Model = ModelCatalogue.BuiltIn.Find("deepseek-ai/DeepSeek-V3")!.Shape, Gpu = GpuCatalogue.BuiltIn.Find("h200-sxm")!, Engine = EngineKind.Vllm, Layout = new() { TensorParallel = 8, ExpertParallel = 8 } };
        double Ms(ParallelLayout layout, long each, bool prompt = false)
        {
            PrefillChunk[] chunk = [new(8192, 0, true)];
            return CoefficientsStepTime.Create(copies with { Layout = layout }, "x").Milliseconds(prompt ? new StepBatch { Prefills = chunk } : new StepBatch { DecodeRequests = 64, DecodeContextTokens = 64 * each });
        }

        // Long contexts: reading an eighth of the cache outweighs the exchange; short ones: the exchange is what is left.
        Assert.True(Ms(copies.Layout with { DecodeContextParallel = 8 }, 60_000) < Ms(copies.Layout, 60_000));
        Assert.True(Ms(copies.Layout with { DecodeContextParallel = 8 }, 10) > Ms(copies.Layout, 10));

        // Divided norms: reduce-scatter and all-gather by NCCL in place of the custom all-reduce, and an eighth of the norms.
        Assert.NotEqual(Ms(copies.Layout with { SequenceParallel = true }, 0, prompt: true), Ms(copies.Layout, 0, prompt: true));
        PrefillChunk[] prompt = [new(8192, 0, true)];
        double Norms(ParallelLayout layout) => CoefficientsStepTime.Create(copies with { Layout = layout }, "x").Explain(new StepBatch { Prefills = prompt }).Where(l => l.Name.StartsWith("norms", StringComparison.Ordinal)).Sum(l => l.Us);
        Assert.InRange(Norms(copies.Layout with { SequenceParallel = true }) / Norms(copies.Layout), 0.1, 0.5);
    }

    [Fact]
    public void Explain_OfAStep_SumsToItsTime()
    {
        for (var i = 0; i < Deployments.Length; i++)
        {
            var source = Source(i);
            PrefillChunk[] chunk = [new(700, 300, true)];
            foreach (var batch in new[] { (32, 32 * 2000L, false), (0, 0L, true), (40, 9000L, true) })
            {
                var step = new StepBatch { DecodeRequests = batch.Item1, DecodeContextTokens = batch.Item2, Prefills = batch.Item3 ? chunk : default };
                Assert.Equal(source.Milliseconds(step) * 1e3, source.Explain(step).Sum(l => l.Us), 3);
            }
        }
    }

    [Fact]
    public void Milliseconds_OnAnyMachine_AreTheseBits()
    {
        var shown = Deployments.Select((_, i) =>
        {
            PrefillChunk[] chunk = [new(700, 300, true)];
            return Source(i).Milliseconds(new StepBatch { DecodeRequests = 24, DecodeContextTokens = 24 * 1500, Prefills = chunk }).ToString("R", CultureInfo.InvariantCulture);
        });
        Snapshot.Match("coefficients-step-times.txt", string.Join('\n', shown) + '\n');
    }

    private static (double Decode, double Prefill, double PromptAttention) Scale(CoefficientsStepTime source) => Calibration.BuiltIn.Scale(
        FitLookup.Backend(source.Deployment.Engine), source.Deployment.Gpu.Name, Calibration.Family(source.Deployment.Model), Calibration.Format(source.Deployment.Model));

    private static CoefficientsStepTime Source(int index)
    {
        var (model, gpu, engine, layout) = Deployments[index];
        return CoefficientsStepTime.Create(new Deployment { Model = ModelCatalogue.BuiltIn.Find(model)!.Shape, Gpu = GpuCatalogue.BuiltIn.Find(gpu)!, Engine = engine, Layout = layout }, "x");
    }
}
