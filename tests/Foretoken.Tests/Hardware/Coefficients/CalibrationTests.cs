using Foretoken.Hardware.Coefficients;
using Xunit;

namespace Foretoken.Tests.Hardware.Coefficients;

public sealed class CalibrationTests
{
    [Theory]
    [InlineData("vllm", "0.12.0", "0.14")]
    [InlineData("vllm", "0.14.0", "")]
    [InlineData("vllm", "nightly-5b8c30d", "")]
    [InlineData("sglang", "0.5.8.post1", "0.5.9")]
    [InlineData("sglang", "0.5.10", "")]
    [InlineData("trtllm", "1.0.0rc3", "1.1")]
    [InlineData("trtllm", "1.3.0rc20", "")]
    public void Of_AVersion_TakesTheFirstThatIsNotYetPast(string engine, string version, string before) =>
        Assert.Equal(before, Calibration.BuiltIn.Of(engine, version).Before);

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
