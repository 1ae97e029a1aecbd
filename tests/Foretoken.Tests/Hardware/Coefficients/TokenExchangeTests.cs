using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.StepTime;
using Xunit;

namespace Foretoken.Tests.Hardware.Coefficients;

public sealed class TokenExchangeTests
{
    private static readonly FfnShape Ffn = new() { Experts = 16, ExpertsPerToken = 2, ExpertWidth = 256, ExpertInput = 128 };

    [Fact]
    public void Reached_AnyChoice_IsWhatCountingGives()
    {
        // Two of eight experts, two on a rank: 15 of 28 pairs leave a given rank out.
        Assert.Equal(4 * 13.0 / 28, new TokenSpread(8, 2, 1, 1).Reached(4), 12);
        Assert.Equal(1, new TokenSpread(8, 2, 1, 1).Reached(1), 12);
        Assert.Equal(2, new TokenSpread(8, 2, 1, 1).Reached(8), 12);
    }

    [Fact]
    public void Reached_GroupsOfExperts_IsWhatCountingGives()
    {
        // Two of four groups of two, then two of their four experts: a group is open in half of the cases, and then one pair of six leaves it out.
        var spread = new TokenSpread(8, 2, 4, 2);
        Assert.Equal(4 * 0.5 * 5 / 6, spread.Reached(4), 12);

        // A rank of two groups: one of them open in four of six cases, both in one.
        Assert.Equal(2 * ((4.0 / 6 * 5 / 6) + (1.0 / 6)), spread.Reached(2), 12);
        Assert.True(spread.Reached(4) < new TokenSpread(8, 2, 1, 1).Reached(4));
    }

    [Fact]
    public void Bytes_OfATokenInFp8_AreThoseOfItsNumbersAndScales()
    {
        var exchange = Exchange(ExpertExchange.DeepEpLowLatency, ranks: 4, domain: 8);
        Assert.Equal(128 + 4, exchange.DispatchBytes);
        Assert.Equal(256, exchange.CombineBytes);
        Assert.Equal(64 + 8, Exchange(ExpertExchange.AllToAll, 4, 8, "nvfp4").DispatchBytes);
        Assert.Equal(256, Exchange(ExpertExchange.AllToAll, 4, 8, "bfloat16").DispatchBytes);
    }

    [Fact]
    public void Copies_LowLatency_AreOnePerExpertElsewhere()
    {
        var near = Exchange(ExpertExchange.DeepEpLowLatency, ranks: 4, domain: 8);
        Assert.Equal((2 * 3 / 4.0, 0), (near.Near, near.Far));
        var far = Exchange(ExpertExchange.DeepEpLowLatency, ranks: 16, domain: 8);
        Assert.Equal((2 * 7 / 16.0, 2 * 8 / 16.0), (far.Near, far.Far));
    }

    [Fact]
    public void Copies_NormalKernels_AreOnePerRankAndOnePerNode()
    {
        // Two of 16 experts over four ranks of four: a rank is left out by 66 of 120 pairs, a node of eight by 28.
        var near = Exchange(ExpertExchange.AllToAll, ranks: 4, domain: 8);
        Assert.Equal(4 * 54.0 / 120 * 3 / 4, near.Near, 12);
        Assert.Equal(54.0 / 120, near.Received, 12);
        var far = Exchange(ExpertExchange.DeepEpNormal, ranks: 16, domain: 8);
        Assert.Equal(2 * 92.0 / 120 / 2, far.Far, 12);
        Assert.Equal(2 * 7 / 8.0, far.Near, 12);
    }

    [Theory]
    [InlineData(ExpertExchange.AllToAll)]
    [InlineData(ExpertExchange.DeepEpNormal)]
    [InlineData(ExpertExchange.DeepEpLowLatency)]
    public void Us_MoreTokens_NeverTakesLessAndNeverBeatsTheLinks(ExpertExchange kind)
    {
        var operators = Operators("h100-sxm");
        var exchange = new TokenExchange(kind, Ffn, 128, "fp8_block", 16, 8, operators);
        var before = 0.0;
        for (var tokens = 16.0; tokens < 2e6; tokens *= 3)
        {
            var us = exchange.Us(tokens);
            Assert.True(us > before);
            before = us;
            Assert.True(us >= tokens / 16 * exchange.Far * (exchange.DispatchBytes + exchange.CombineBytes) / operators.Figures.Nic);
            Assert.True(us >= tokens / 16 * exchange.Near * (exchange.DispatchBytes + exchange.CombineBytes) / operators.Figures.Link);
        }
    }

    [Fact]
    public void Milliseconds_WideExpertParallel_GainsByNotGathering()
    {
        var gathered = Step(ExpertExchange.AllGatherReduceScatter, 128);
        foreach (var kind in (ExpertExchange[])[ExpertExchange.AllToAll, ExpertExchange.DeepEpLowLatency, ExpertExchange.DeepEpAuto])
        {
            Assert.True(Step(kind, 128) < gathered);
            Assert.True(Step(kind, 256) > Step(kind, 128));
            Assert.True(Step(kind, 128) >= Bound(kind, 128));
        }
    }

    [Fact]
    public void Milliseconds_DeepEpAuto_TakesKernelsByStep()
    {
        Assert.Equal(Step(ExpertExchange.DeepEpLowLatency, 64), Step(ExpertExchange.DeepEpAuto, 64));
        Assert.NotEqual(Step(ExpertExchange.DeepEpNormal, 64), Step(ExpertExchange.DeepEpAuto, 64));
        Assert.Equal(Prompt(ExpertExchange.DeepEpNormal), Prompt(ExpertExchange.DeepEpAuto));
        Assert.NotEqual(Prompt(ExpertExchange.DeepEpLowLatency), Prompt(ExpertExchange.DeepEpAuto));
    }

    [Fact]
    public void Explain_Exchange_HasItsLine()
    {
        var lines = Source(ExpertExchange.DeepEpAuto).Explain(new StepBatch { DecodeRequests = 64, DecodeContextTokens = 64_000 });
        Assert.Contains(lines, l => l.Name == "tokens to their experts and back" && l.Us > 58 * 30);
    }

    [Fact]
    public void Default_OfTensorRtLlm_IsNvlinkWhereItReaches()
    {
        var layout = new ParallelLayout { AttentionDataParallel = 16, ExpertParallel = 16 };
        Assert.Equal(ExpertExchange.AllToAll, ExpertExchanges.Default(EngineKind.TensorRtLlm, layout, 72));
        Assert.Equal(ExpertExchange.AllGatherReduceScatter, ExpertExchanges.Default(EngineKind.TensorRtLlm, layout, 8));
        Assert.Equal(ExpertExchange.AllGatherReduceScatter, ExpertExchanges.Default(EngineKind.TensorRtLlm, layout with { ExpertParallel = 8 }, 72));
        Assert.Equal(ExpertExchange.AllGatherReduceScatter, ExpertExchanges.Default(EngineKind.Sglang, layout, 72));
    }

    private static TokenExchange Exchange(ExpertExchange kind, int ranks, int domain, string dtype = "fp8_block") =>
        new(kind, Ffn, 128, dtype, ranks, domain, Operators("h100-sxm"));

    private static FittedOperators Operators(string gpu) => new(new FitLookup(GpuCatalogue.BuiltIn.Find(gpu)!, EngineKind.Sglang));

    private static Deployment Wide(ExpertExchange kind) => new()
    {
        Model = ModelCatalogue.BuiltIn.Find("deepseek-ai/DeepSeek-V3")!.Shape,
        Gpu = GpuCatalogue.BuiltIn.Find("gb200")!,
        Engine = EngineKind.Sglang,
        Layout = new ParallelLayout { AttentionDataParallel = 32, ExpertParallel = 32 },
        Exchange = kind,
    };

    private static CoefficientsStepTime Source(ExpertExchange kind) => CoefficientsStepTime.Create(Wide(kind), "test");

    private static double Step(ExpertExchange kind, int requests) => Source(kind).Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = requests * 1500L });

    private static double Bound(ExpertExchange kind, int requests) => CoefficientsStepTime.CreateBound(Wide(kind)).Milliseconds(new StepBatch { DecodeRequests = requests, DecodeContextTokens = requests * 1500L });

    private static double Prompt(ExpertExchange kind)
    {
        PrefillChunk[] chunks = [new(4096, 0, true)];
        return Source(kind).Milliseconds(new StepBatch { Prefills = chunks });
    }
}
