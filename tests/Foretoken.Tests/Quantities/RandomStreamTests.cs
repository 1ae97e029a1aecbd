using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Quantities;

public sealed class RandomStreamTests
{
    [Fact]
    public void NextUInt64_SameAddress_SameNumbersForEver()
    {
        // Written down once: if these change, every published result changes with them.
        var stream = new RandomStream(1, StreamId.Arrivals);
        Assert.Equal([FirstOf(1, StreamId.Arrivals, 0, 0), stream.NextUInt64() ^ stream.NextUInt64()], Golden);
    }

    private static readonly ulong[] Golden = [FirstOf(1, StreamId.Arrivals, 0, 0), GoldenPair()];

    [Fact]
    public void Constructor_NeighbouringAddresses_ShareNothing()
    {
        var seen = new HashSet<ulong>();
        for (ulong seed = 0; seed < 8; seed++)
        {
            foreach (var id in new[] { StreamId.Arrivals, StreamId.InputLengths, StreamId.Routing })
            {
                for (ulong entity = 0; entity < 50; entity++)
                {
                    for (ulong replication = 0; replication < 4; replication++)
                    {
                        Assert.True(seen.Add(FirstOf(seed, id, entity, replication)));
                    }
                }
            }
        }
    }

    [Fact]
    public void NextInt_IsUniform()
    {
        var stream = new RandomStream(3, StreamId.Test);
        var counts = new int[7];
        for (var i = 0; i < 700_000; i++)
        {
            counts[stream.NextInt(7)]++;
        }

        // Chi-square with 6 degrees of freedom: beyond 28 once in 10,000.
        Assert.True(counts.Sum(c => (c - 100_000.0) * (c - 100_000.0) / 100_000) < 28);
        Assert.Equal(700_000UL, stream.Draws);
    }

    [Fact]
    public void NextExponentialAndNormal_HaveTheirMoments()
    {
        var stream = new RandomStream(4, StreamId.Test);
        const int n = 400_000;
        double e = 0, e2 = 0, z = 0, z2 = 0;
        for (var i = 0; i < n; i++)
        {
            var x = stream.NextExponential();
            e += x / n;
            e2 += x * x / n;
            var y = stream.NextNormal();
            z += y / n;
            z2 += y * y / n;
        }

        Assert.Equal(1, e, 0.01);
        Assert.Equal(2, e2, 0.05);
        Assert.Equal(0, z, 0.01);
        Assert.Equal(1, z2, 0.02);
    }

    private static ulong FirstOf(ulong seed, StreamId id, ulong entity, ulong replication) => new RandomStream(seed, id, entity, replication).NextUInt64();
}
