using Foretoken.Fleet.Scaling.ColdStart;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Scaling;

public sealed class ColdStartTests
{
    private static SimTime At(double seconds) => SimTime.FromSeconds(seconds);

    [Fact]
    public void Draw_WithoutSpread_IsTheSumOfItsTerms()
    {
        // The measured start with warm caches: 16.06 GB of weights at 0.9 GB/s 17.8 s, initialisation 34, compilation 23, graphs 7 and a warm-up of 4.5.
        var terms = new ColdStartTerms { WeightBytes = 16.06e9 };
        Assert.Equal(17.844 + 34 + 23 + 7 + 4.5, terms.Median(1).TotalSeconds, 0.001);
        Assert.Equal(10 + 3 * 2, new ColdStartTerms { Image = SimDuration.FromSeconds(10), PerRank = SimDuration.FromSeconds(2), Initialisation = default, Compilation = default, GraphCapture = default, WarmUp = default }.Median(4).TotalSeconds, 9);
    }

    [Fact]
    public void Draw_WithSpread_HasTheTermsAsMedians_AndRepeats()
    {
        var terms = new ColdStartTerms { Total = SimDuration.FromSeconds(100), Spread = 0.5 };
        var starts = new List<double>();
        for (var i = 0UL; i < 2001; i++)
        {
            var random = new RandomStream(7, StreamId.ColdStarts, i);
            var again = random;
            starts.Add(terms.Draw(1, ref random).Loading.TotalSeconds);
            Assert.Equal(starts[^1], terms.Draw(1, ref again).Loading.TotalSeconds);
        }

        starts.Sort();
        Assert.Equal(100, starts[1000], 6.0);
        Assert.Equal(100 * Math.Exp(0.5), starts[1683], 12.0);
    }

    [Fact]
    public void TryPlace_FillsTheFullestNode_ThenStartsOne_ThenRefuses()
    {
        var pool = new NodePool(new NodePoolOptions { GpusPerNode = 4, Ready = 1, Most = 2, StartTime = SimDuration.FromSeconds(200) });
        Assert.True(pool.TryPlace(0, 2, At(1), out var ready));
        Assert.Equal(At(1), ready);
        Assert.True(pool.TryPlace(1, 3, At(2), out ready));
        Assert.Equal(At(202), ready);
        Assert.True(pool.TryPlace(2, 2, At(3), out ready));
        Assert.Equal(At(3), ready);
        Assert.False(pool.TryPlace(3, 2, At(4), out _));
        Assert.True(pool.TryPlace(4, 1, At(5), out ready));
        Assert.Equal(At(202), ready);
        pool.Release(0, At(300));
        Assert.True(pool.TryPlace(5, 2, At(301), out ready));
        Assert.Equal(At(301), ready);
    }

    [Fact]
    public void TryPlace_LargerThanANode_TakesWholeNodes()
    {
        var pool = new NodePool(new NodePoolOptions { GpusPerNode = 8, Ready = 2, Most = 4, StartTime = SimDuration.FromSeconds(100) });
        Assert.True(pool.TryPlace(0, 24, At(0), out var ready));
        Assert.Equal(At(100), ready);
        Assert.False(pool.TryPlace(1, 16, At(1), out _));
        Assert.True(pool.TryPlace(2, 8, At(1), out ready));
        Assert.Equal(At(101), ready);
    }

    [Fact]
    public void EmptyNodes_GoAfterAWhile_AndHaveToStartAgain()
    {
        var pool = new NodePool(new NodePoolOptions { GpusPerNode = 1, Ready = 0, Most = 1, StartTime = SimDuration.FromSeconds(100), IdleTime = SimDuration.FromSeconds(600) });
        Assert.True(pool.TryPlace(0, 1, At(0), out _));
        pool.Release(0, At(1000));
        Assert.True(pool.TryPlace(1, 1, At(1500), out var ready));
        Assert.Equal(At(1500), ready);
        pool.Release(1, At(1500));
        Assert.True(pool.TryPlace(2, 1, At(2200), out ready));
        Assert.Equal(At(2300), ready);
    }
}
