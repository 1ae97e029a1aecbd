using Foretoken.Engines.SgLang.Plain;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Plain;

public sealed class NewTokenRatioTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(7)]
    public void Decay_ManyStepsAtOnce_IsToTheBitOneAfterTheOther(double conservativeness)
    {
        var initial = Math.Min(0.7 * conservativeness, 1);
        var least = Math.Min(initial * 0.14, 1);
        var decay = (initial - least) / 600;
        var expected = initial;
        var ratio = new NewTokenRatio(conservativeness);
        var random = new RandomStream(17, StreamId.Test);
        for (var i = 0; i < 3000; i++)
        {
            switch (random.NextInt(12))
            {
                case 0:
                    ratio.Reset();
                    expected = initial;
                    break;
                case 1:
                    // From far below the least value to far above.
                    var (kept, generated, declared) = (1 + random.NextInt(9), random.NextInt(1000), random.NextInt(100_000));
                    ratio.Retracted(kept, generated, declared);
                    expected = Math.Min(1, (generated + 20L * kept) / (double)(declared + 1));
                    break;
                default:
                    var steps = random.NextInt(120);
                    ratio.Decay(steps);
                    for (var step = 0; step < steps; step++)
                    {
                        expected = Math.Max(expected - decay, least);
                    }

                    break;
            }

            Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(ratio.Value));
        }
    }
}
