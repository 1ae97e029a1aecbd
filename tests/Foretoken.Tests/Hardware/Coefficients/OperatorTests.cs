using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Coefficients.Operators;
using Xunit;

namespace Foretoken.Tests.Hardware.Coefficients;

/// <summary>Operators against values computed by an independent script from the same coefficients.</summary>
public sealed class OperatorTests
{
    private static readonly SystemFigures H100 = CoefficientStore.BuiltIn.Figures("h100-sxm")!;
    private static readonly SystemFigures H200 = CoefficientStore.BuiltIn.Figures("h200-sxm")!;

    [Theory]
    [InlineData(64, 21.196534352313634)]
    [InlineData(8192, 512.2192329503497)]
    public void Gemm_OfFittedTable_IsTheFormula(int tokens, double us)
    {
        var fit = CoefficientStore.BuiltIn.Find<GemmFit>("gemm", "h100-sxm", "vllm", "bfloat16")!;
        Same(us, new Gemm(fit, H100, H100.Bf16, 2, 6144, 4096).Us(tokens));
    }

    [Theory]
    [InlineData(32, 1.01, 337.80818427511883)]
    [InlineData(4096, 1.01, 1884.206266700627)]
    [InlineData(32, 0.0, 360.45743571481324)]
    public void Experts_OfFittedTable_AreTheFormula(int tokens, double skew, double us)
    {
        var fit = CoefficientStore.BuiltIn.Find<ExpertFit>("moe", "h200-sxm", "sglang", "fp8_block")!;
        var experts = new Experts(fit, H200, H200.Fp8, 1.000244140625) { Count = 256, PerToken = 8, Hidden = 7168, Width = 2048, Groups = 8, Matrices = 3, Skew = skew };
        Same(us, experts.Us(tokens));
    }

    [Theory]
    [InlineData(2, 29.92674515371419)]
    [InlineData(1, 24.914258972152165)]
    public void GenerationAttention_OfFittedTable_IsTheFormula(int kvBytes, double us)
    {
        var fit = CoefficientStore.BuiltIn.Find<GenerationFit>("attention_generation", "h100-sxm", "vllm", "")!;
        Same(us, new GenerationAttention(fit, H100, 8, 1, 128, kvBytes).Us(64, 64 * 1500, 1));
    }

    [Theory]
    [InlineData(0, 35.78733093633633)]
    [InlineData(4096, 89.14095180686363)]
    public void ContextAttention_OfFittedTable_IsTheFormula(int cached, double us)
    {
        var fit = CoefficientStore.BuiltIn.Find<ContextFit>("attention_context", "h100-sxm", "vllm", "bfloat16")!;
        Same(us, new ContextAttention(fit, H100, H100.Bf16, 8, 1, 128, 2, 0).Us(ContextWork.Of(2048, cached, 0)));
    }

    [Theory]
    [InlineData(64, 15.050645632595723)]
    [InlineData(8192, 601.2136790682639)]
    public void Collective_OfFittedTable_IsTheFormula(int tokens, double us)
    {
        var fit = CoefficientStore.BuiltIn.Find<CollectiveFit>("collectives", "h100-sxm", "vllm", CoefficientStore.Collective("all_reduce", 8))!;
        Same(us, new Collective(fit, H100.Link, 2 * 7 / 8.0).Us(tokens * 8192.0 * 2));
    }

    [Fact]
    public void ContextWork_InAWindow_CountsWhatEachTokenSees()
    {
        for (var fresh = 1; fresh <= 20; fresh++)
        {
            for (var cached = 0; cached <= 20; cached++)
            {
                var area = Enumerable.Range(0, fresh).Sum(i => Math.Min(cached + i + 1, 8));
                Assert.Equal(area, ContextWork.Of(fresh, cached, 8).Area, 9);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3.5)]
    [InlineData(12)]
    public void SmoothMax_OfAnyLimits_LiesBetweenMaximumAndSum(double q)
    {
        Assert.InRange(Smooth.Max(3, 5, q), 5, 8.0000001);
        Assert.InRange(Smooth.Max(3, 5, 0, 2, q), 5, 10.0000001);
        Assert.Equal(7, Smooth.Max(7, 0, q), 12);
        Assert.Equal(0, Smooth.Max(0, 0, q));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1.3)]
    [InlineData(2.5)]
    [InlineData(8)]
    [InlineData(40)]
    public void SmoothTable_AtAnyRatio_IsTheSoftMaximum(double q)
    {
        var table = new SmoothTable(q);
        for (var i = 0; i <= 5000; i++)
        {
            var small = 7.0 * i / 5000;
            var exact = Smooth.Max(small, 7, q);
            Assert.InRange(table.Max(small, 7), exact * (1 - 1e-5), exact * (1 + 1e-5));
            Assert.Equal(table.Max(small, 7), table.Max(7, small));
        }

        Assert.Equal(0, table.Max(0, 0));
    }

    private static void Same(double expected, double actual) => Assert.InRange(actual, expected * (1 - 1e-12), expected * (1 + 1e-12));
}
