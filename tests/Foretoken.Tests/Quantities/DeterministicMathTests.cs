using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Quantities;

public sealed class DeterministicMathTests
{
    [Fact]
    public void Log_AgreesWithTheLibrary_OverTheWholeRange()
    {
        var random = new RandomStream(1, StreamId.Test);
        for (var i = 0; i < 100_000; i++)
        {
            var x = BitConverter.UInt64BitsToDouble(random.NextUInt64() & 0x7FEF_FFFF_FFFF_FFFF);
            var expected = Math.Log(x);
            Assert.True(Math.Abs(DeterministicMath.Log(x) - expected) <= 4e-16 * Math.Max(Math.Abs(expected), 1e-3), $"log {x:R}");
        }
    }

    [Fact]
    public void Exp_AgreesWithTheLibrary()
    {
        for (var x = -700.0; x < 709; x += 0.0137)
        {
            var expected = Math.Exp(x);
            Assert.True(Math.Abs(DeterministicMath.Exp(x) - expected) <= 1e-15 * expected, $"exp {x:R}");
        }
    }

    [Fact]
    public void SinTurns_AgreesWithTheLibrary()
    {
        for (var turns = -3.0; turns < 3; turns += 0.00137)
        {
            Assert.Equal(Math.Sin(turns * 2 * Math.PI), DeterministicMath.SinTurns(turns), 1e-14);
        }
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.001, -3.090232306167813)]
    [InlineData(0.999999, 4.753424308822899)]
    public void NormalQuantile_KnownValues(double p, double z) => Assert.Equal(z, DeterministicMath.NormalQuantile(p), 1e-7);

    [Fact]
    public void Log_Edges()
    {
        Assert.Equal(double.NegativeInfinity, DeterministicMath.Log(0));
        Assert.True(double.IsNaN(DeterministicMath.Log(-1)));
        Assert.Equal(0, DeterministicMath.Log(1));
        Assert.Equal(0, DeterministicMath.Exp(-800));
        Assert.Equal(double.PositiveInfinity, DeterministicMath.Exp(800));
    }
}
