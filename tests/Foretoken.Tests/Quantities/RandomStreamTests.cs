using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Quantities;

public sealed class RandomStreamTests
{
    // Computed by a second implementation of the published algorithms (Python). If these change, every result changes.
    [Fact]
    public void NextUInt64_KnownAddresses_GiveTheirNumbersForEver()
    {
        Assert.Equal([0x41F9068794245560UL, 0xFD6ACAA04C94397CUL, 0x32E353008E0E1390UL], Take(new RandomStream(1, StreamId.Arrivals)));
        Assert.Equal([0xEBAA366F87BFF289UL, 0xCF92CF778986327DUL, 0x3C79D5365F016271UL], Take(new RandomStream(77, StreamId.ToolCalls, entity: 5, replication: 2)));
    }

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

    private static ulong[] Take(RandomStream stream) => [stream.NextUInt64(), stream.NextUInt64(), stream.NextUInt64()];

    private static ulong FirstOf(ulong seed, StreamId id, ulong entity, ulong replication) => new RandomStream(seed, id, entity, replication).NextUInt64();
}
