using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.OpTables;
using Xunit;

namespace Foretoken.Tests.Hardware.OpTables;

public sealed class TabledOperatorsTests
{
    private static (TabledOperators Operators, FitLookup Fits) Make(OperatorTableSet set, string version = "0.19.0")
    {
        var fits = new FitLookup(GpuCatalogue.BuiltIn.Find("h100-sxm")!, EngineKind.Vllm);
        return (new TabledOperators(set, fits, "vllm", version), fits);
    }

    private static OperatorTable Gemm(string version, params (long N, long K, long M, double Us)[] points)
    {
        var builder = new OperatorTableBuilder(OperatorKind.Gemm, "vllm", version);
        foreach (var (n, k, m, us) in points)
        {
            builder.Add(["bfloat16"], [n, k], 0, m, us);
        }

        return builder.Build();
    }

    [Fact]
    public void Product_OfAMeasuredShape_IsItsCurve()
    {
        var (operators, fits) = Make(new("h100-sxm", [Gemm("0.19.0", (4096, 4096, 1, 20), (4096, 4096, 65, 36), (2048, 4096, 1, 500))]));
        var product = operators.Product("dense products", "bfloat16", 2, 4096, 4096);
        Assert.Equal(20, product.Us(1), 1e-9);
        Assert.Equal(28, product.Us(33), 1e-9);
        Assert.Equal(36, product.Us(65), 1e-9);
        Assert.Empty(fits.Notes);
    }

    [Fact]
    public void Product_FasterThanTheBound_TakesTheBound()
    {
        var (operators, _) = Make(new("h100-sxm", [Gemm("0.19.0", (4096, 4096, 1, 0.5))]));
        var product = operators.Product("dense products", "bfloat16", 2, 4096, 4096);
        Assert.Equal((2.0 * 4096 * 4096 + 2 * 8192) / 3.35e6, product.Us(1), 1e-9);
    }

    [Fact]
    public void Product_OfAnotherShape_TakesTheShareOfTheBoundFromNearOnes()
    {
        // Both neighbours are an octave away in one direction and run at a half and a quarter of the bound.
        var bound = new Gemm(null!, CoefficientStore.BuiltIn.Figures("h100-sxm")!, 989e6, 2, 4096, 4096);
        var (low, high) = (bound with { N = 2048 }, bound with { N = 8192 });
        var (operators, _) = Make(new("h100-sxm", [Gemm("0.19.0", (2048, 4096, 16, 2 * low.BoundUs(16)), (8192, 4096, 16, 4 * high.BoundUs(16)))]));
        var time = operators.Product("dense products", "bfloat16", 2, 4096, 4096).Us(16);
        Assert.Equal(bound.BoundUs(16) / ((0.5 + 0.25) / 2), time, 1e-3);
    }

    [Fact]
    public void Product_WithNoShapeNear_ComesFromCoefficientsAndSaysSo()
    {
        var (operators, fits) = Make(new("h100-sxm", [Gemm("0.19.0", (64, 64, 1, 3))]));
        var product = operators.Product("dense products", "bfloat16", 2, 4096, 4096);
        Assert.Equal(new FittedOperators(fits).Product("dense products", "bfloat16", 2, 4096, 4096).Us(7), product.Us(7));
        Assert.Contains("operator tables lack dense products in bfloat16 of about 4096 x 4096: coefficients", fits.Notes);
    }

    [Theory]
    [InlineData("0.19.0", 20)]
    [InlineData("0.20.1", 20)]
    [InlineData("0.24.0", 30)]
    [InlineData("", 30)]
    [InlineData("0.11.0", 15)]
    public void Product_OfSeveralReleases_IsTheNewestBeforeTheEngines(string version, double us)
    {
        var (operators, fits) = Make(new("h100-sxm", [Gemm("0.14.0", (4096, 4096, 1, 15)), Gemm("0.19.0", (4096, 4096, 1, 20)), Gemm("0.24.0", (4096, 4096, 1, 30))]), version);
        Assert.Equal(us, operators.Product("dense products", "bfloat16", 2, 4096, 4096).Us(1), 1e-9);
        Assert.Equal(version is "0.20.1" or "0.11.0", fits.Notes.Any(n => n.Contains("nearest release", StringComparison.Ordinal)));
    }

    [Fact]
    public void Experts_BetweenMeasuredSkews_AreBlended()
    {
        var builder = new OperatorTableBuilder(OperatorKind.Experts, "vllm", "0.19.0");
        builder.Add(["bfloat16", "power_law_1.01"], [4096, 1536, 8, 128, 1, 8], 0, 64, 300);
        builder.Add(["bfloat16", "power_law_1.2"], [4096, 1536, 8, 128, 1, 8], 0, 64, 400);
        builder.Add(["bfloat16", "balanced"], [4096, 1536, 8, 128, 1, 8], 0, 64, 200);
        var (operators, _) = Make(new("h100-sxm", [builder.Build()]));
        double At(double skew) => operators.Experts(new("bfloat16", 2, 128, 8, 4096, 1536, 1, 8, 3, skew, 1)).Us(64);
        Assert.Equal(200, At(0), 1e-9);
        Assert.Equal(250, At(0.505), 1e-9);
        Assert.Equal(300, At(1.01), 1e-9);
        Assert.Equal(400, At(2), 1e-9);
    }

    [Fact]
    public void Generation_WithHeadsBetweenMeasuredOnes_IsBlended()
    {
        var builder = new OperatorTableBuilder(OperatorKind.GenerationAttention, "vllm", "0.19.0");
        builder.Add(["bfloat16"], [128, 0, 32, 8], 4, 1024, 40);
        builder.Add(["bfloat16"], [128, 0, 64, 8], 4, 1024, 60);
        var (operators, fits) = Make(new("h100-sxm", [builder.Build()]));
        Assert.Equal(40, operators.Generation(new(32, 8, 128, 2, 0)).Us(4, 4096, 1), 1e-9);
        Assert.Equal(45, operators.Generation(new(40, 8, 128, 2, 0)).Us(4, 4096, 1), 1e-9);
        Assert.Equal(40, operators.Generation(new(32, 8, 128, 2, 1024)).Us(4, 4096, 1), 1e-9);
        Assert.Empty(fits.Notes);
        operators.Generation(new(32, 8, 128, 1, 0));
        Assert.Contains("operator tables lack attention, decode, of 32 heads of 128 over 8 in fp8: coefficients", fits.Notes);
    }

    [Fact]
    public void Context_OfWholePrompts_IsTheGridAndOfTheirEndAShareOfIt()
    {
        var builder = new OperatorTableBuilder(OperatorKind.ContextAttention, "vllm", "0.19.0");
        builder.Add(["bfloat16", "bfloat16"], [128, 0, 32, 8], 1, 2048, 150);
        builder.Add(["bfloat16", "bfloat16"], [128, 0, 32, 8], 2, 2048, 280);
        var (operators, _) = Make(new("h100-sxm", [builder.Build()]));
        var attention = operators.Context(new(32, 8, 128, 2, 0));
        var one = ContextWork.Of(2048, 0, 0);
        Assert.Equal(150, attention.Us(one), 1e-6);
        Assert.Equal(280, attention.Us(one + one), 1e-6);

        // The second half has three quarters of the pairs.
        var end = attention.Us(ContextWork.Of(1024, 1024, 0));
        Assert.InRange(end, 75, 150);
    }

    [Fact]
    public void Equal_OfUnequalChunks_KeepsTheirSums()
    {
        var work = ContextWork.Of(512, 0, 0) + ContextWork.Of(100, 3000, 0) + ContextWork.Of(7, 12, 0);
        var (batch, fresh, cached) = TabledPromptAttention.Equal(work);
        var one = ContextWork.Of(fresh, cached, 0);
        Assert.Equal(work.Tokens, batch * one.Tokens, 1e-6);
        Assert.Equal(work.Area, batch * one.Area, 1e-3);
        Assert.Equal(work.Read, batch * one.Read, 1e-3);
    }

    [Fact]
    public void Collective_OfTheEngine_GoesBeforeNccls()
    {
        var own = new OperatorTableBuilder(OperatorKind.Collective, "vllm", "0.19.0");
        own.Add(["all_reduce"], [4], 0, 1 << 20, 20);
        var nccl = new OperatorTableBuilder(OperatorKind.Collective, "nccl", "2.27.3");
        nccl.Add(["all_reduce"], [4], 0, 1 << 20, 30);
        nccl.Add(["all_gather"], [4], 0, 1 << 20, 25);
        var (operators, fits) = Make(new("h100-sxm", [nccl.Build(), own.Build()]));
        Assert.Equal(20, operators.Collective("all_reduce", 4, custom: true, domain: 8).Us(1 << 20), 1e-9);
        Assert.Equal(30, operators.Collective("all_reduce", 4, custom: false, domain: 8).Us(1 << 20), 1e-9);
        Assert.Equal(25, operators.Collective("all_gather", 4, custom: false, domain: 8).Us(1 << 20), 1e-9);
        Assert.Empty(fits.Notes);
        operators.Collective("all_reduce", 4, custom: true, domain: 2);
        Assert.Contains("operator tables lack all_reduce over 4 ranks: coefficients", fits.Notes);
    }
}
