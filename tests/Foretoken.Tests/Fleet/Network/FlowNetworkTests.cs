using Foretoken.Fleet.Network;
using Foretoken.Quantities;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Foretoken.Tests.Fleet.Network;

public sealed class FlowNetworkTests
{
    private const double GB = 1e9;

    [Fact]
    public void Share_OfOneLink_IsEqual()
    {
        var network = new FlowNetwork();
        var link = network.AddLink(40 * GB);
        network.Start(1, 1_000_000_000, [link], double.PositiveInfinity, SimTime.Zero);
        Assert.Equal(new SimTime(25_000_000), network.Next);
        for (var id = 2; id <= 4; id++)
        {
            network.Start(id, 1_000_000_000, [link], double.PositiveInfinity, SimTime.Zero);
        }

        // Four times 1 GB at 10 GB/s.
        Assert.Equal(10 * GB, network.RateOf(3), 1);
        Assert.Equal(new SimTime(100_000_000), network.Next);
        Assert.Equal([1, 2, 3, 4], Ends(network).Select(e => e.Id));
        Assert.Equal(4_000_000_000, network.BytesCarried(link));
    }

    // The textbook case: what the bottleneck leaves over goes to the others.
    [Fact]
    public void Share_OverSeveralLinks_IsMaxMinFair()
    {
        var network = new FlowNetwork();
        var narrow = network.AddLink(10 * GB);
        var wide = network.AddLink(30 * GB);
        network.Start(1, 1 << 30, [narrow], double.PositiveInfinity, SimTime.Zero);
        network.Start(2, 1 << 30, [narrow, wide], double.PositiveInfinity, SimTime.Zero);
        network.Start(3, 1 << 30, [wide], double.PositiveInfinity, SimTime.Zero);
        network.Start(4, 1 << 30, [wide], 4 * GB, SimTime.Zero);
        Assert.Equal(5 * GB, network.RateOf(1), 1);
        Assert.Equal(5 * GB, network.RateOf(2), 1);
        Assert.Equal(21 * GB, network.RateOf(3), 1);
        Assert.Equal(4 * GB, network.RateOf(4), 1);
    }

    [Fact]
    public void Share_AfterAnEnd_IsWorkedOutAnew()
    {
        var network = new FlowNetwork();
        var link = network.AddLink(10 * GB);
        network.Start(1, 1_000_000_000, [link], double.PositiveInfinity, SimTime.Zero);
        network.Start(2, 3_000_000_000, [link], double.PositiveInfinity, SimTime.Zero);

        // 1 GB at 5 GB/s: 200 ms; then 2 GB are left for 10 GB/s: 200 ms more.
        Assert.Equal([(1L, new SimTime(200_000_000)), (2L, new SimTime(400_000_000))], Ends(network));
    }

    [Fact]
    public void Start_WithoutBytes_EndsAtOnce()
    {
        var network = new FlowNetwork();
        network.Start(7, 0, [network.AddLink(GB)], double.PositiveInfinity, new SimTime(5));
        Assert.Equal([(7L, new SimTime(5))], Ends(network));
        Assert.Equal(SimTime.Never, network.Next);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NaN)]
    public void AddLink_ThatCarriesNothing_IsRefused(double bytesPerSecond) =>
        Assert.ThrowsAny<ArgumentOutOfRangeException>(() => new FlowNetwork().AddLink(bytesPerSecond));

    [Fact]
    public void Network_OnRandomTraffic_KeepsItsPromises() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => Check(new RandomStream((ulong)seed, StreamId.Test))).QuickCheckThrowOnFailure();

    // Never faster than the slowest link, no link above its capacity, all bytes arrive; the slowest flow gains when one leaves.
    // (That nobody loses is only true of a single link: a flow that gains on one link may take from another on the next.)
    private static void Check(RandomStream random)
    {
        var network = new FlowNetwork();
        var links = Enumerable.Range(0, 1 + random.NextInt(4)).Select(_ => network.AddLink((1 + random.NextInt(100)) * 1e8)).ToArray();
        var started = new Dictionary<long, (SimTime At, long Bytes, int[] Path)>();
        var sent = new long[links.Length];
        var now = SimTime.Zero;
        for (var id = 0L; id < 1 + random.NextInt(20); id++)
        {
            var at = now + new SimDuration(random.NextInt(20_000_000));
            Drain(at);
            now = at;
            var path = links.Where(_ => random.NextInt(2) == 0).ToArray();
            path = path.Length == 0 ? [links[0]] : path;
            var bytes = (long)random.NextInt(200_000_000);
            foreach (var link in path)
            {
                sent[link] += bytes;
            }

            started.Add(id, (now, bytes, path));
            network.Start(id, bytes, path, double.PositiveInfinity, now);
            CheckRates();
        }

        Drain(SimTime.Never);
        Assert.Empty(started);
        Assert.Equal(0, network.Flows);
        foreach (var link in links)
        {
            Assert.Equal(sent[link], network.BytesCarried(link));
        }

        void CheckRates()
        {
            foreach (var link in links)
            {
                var load = started.Where(f => f.Value.Path.Contains(link)).Sum(f => network.RateOf(f.Key));
                Assert.True(load <= network.BytesPerSecond(link) * (1 + 1e-9));
            }

            // Work-conserving: every flow has a link that is full and on which nobody gets more.
            foreach (var (id, flow) in started)
            {
                Assert.Contains(flow.Path, link =>
                    started.Where(f => f.Value.Path.Contains(link)).Sum(f => network.RateOf(f.Key)) >= network.BytesPerSecond(link) * (1 - 1e-9)
                    && started.Where(f => f.Value.Path.Contains(link)).All(f => network.RateOf(f.Key) <= network.RateOf(id) * (1 + 1e-9)));
            }
        }

        void Drain(SimTime until)
        {
            while (network.Next <= until && network.Next != SimTime.Never)
            {
                var at = network.Next;
                var slowest = started.Keys.Min(network.RateOf);
                Assert.True(network.TryTakeEnded(at, out var id));
                var flow = started[id];
                started.Remove(id);
                var fastest = flow.Path.Min(network.BytesPerSecond);
                Assert.True((at - flow.At).Nanoseconds >= flow.Bytes / fastest * 1e9 * (1 - 1e-12));
                if (started.Count > 0)
                {
                    Assert.True(started.Keys.Min(network.RateOf) >= slowest * (1 - 1e-9));
                    CheckRates();
                }
            }
        }
    }

    private static List<(long Id, SimTime At)> Ends(FlowNetwork network)
    {
        var ends = new List<(long, SimTime)>();
        for (var at = network.Next; at != SimTime.Never; at = network.Next)
        {
            Assert.True(network.TryTakeEnded(at, out var id));
            ends.Add((id, at));
        }

        return ends;
    }
}
