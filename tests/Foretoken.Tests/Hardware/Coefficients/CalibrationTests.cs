using Foretoken.Hardware.Coefficients;
using Xunit;

namespace Foretoken.Tests.Hardware.Coefficients;

public sealed class CalibrationTests
{
    [Theory]
    [InlineData("0.12.0", "0.14", -1)]
    [InlineData("0.14.0", "0.14", 0)]
    [InlineData("0.14.0.post1", "0.14", 0)]
    [InlineData("0.9.2", "0.10.0", -1)]
    [InlineData("1.0.0rc3", "1.0.0", -1)]
    [InlineData("1.3.0rc20", "1.1", 1)]
    [InlineData("nightly-5b8c30d", "0.28", 1)]
    [InlineData("0.5.1.post1", "0.5.9", -1)]
    public void Compare_OfVersions_OrdersThem(string a, string b, int order)
    {
        Assert.Equal(order, Math.Sign(EngineVersions.Compare(a, b)));
        Assert.Equal(-order, Math.Sign(EngineVersions.Compare(b, a)));
    }

    [Fact]
    public void Of_AnEngineVersion_FindsItsOverheads()
    {
        foreach (var engine in new[] { "vllm", "sglang", "trtllm" })
        {
            Assert.Empty(Calibration.BuiltIn.Of(engine, "").Before);
            Assert.NotEmpty(Calibration.BuiltIn.Of(engine, "0.0.1").Before);
        }
    }

    [Fact]
    public void Scale_OfSeveralFactors_IsTheProductOfThoseThatMatch()
    {
        var calibration = Calibration.BuiltIn with
        {
            Factors =
            [
                new("vllm", "", "", "", 1.1),
                new("vllm", "h100-sxm", "", "", 1, 0.9),
                new("", "", "Llama/32x4096", "fp8", 2, 3, 4),
                new("sglang", "", "", "", 5, 5),
            ],
        };
        Assert.Equal((1.1, 0.9, 1.0), calibration.Scale("vllm", "h100-sxm", "Qwen/1x1", "fp8"));
        Assert.Equal((2.2, 3.0, 4.0), calibration.Scale("vllm", "b200-sxm", "Llama/32x4096", "fp8"));
        Assert.Equal((1.0, 1.0, 1.0), calibration.Scale("trtllm", "b200-sxm", "Llama/32x4096", "bf16"));
    }
}
