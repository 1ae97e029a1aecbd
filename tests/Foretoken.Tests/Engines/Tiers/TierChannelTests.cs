using Foretoken.Engines.Tiers;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Engines.Tiers;

public sealed class TierChannelTests
{
    private const long BytePerNanosecond = 1_000_000_000;

    [Fact]
    public void AdvanceTo_Alone_TakesLatencyAndBytes()
    {
        var channel = new TierChannel(new TierLink(BytePerNanosecond, new SimDuration(50)), oneByOne: false);
        var ended = Start(channel, (100, 1000));
        Assert.Equal(new SimTime(1150), channel.Next);
        channel.AdvanceTo(new SimTime(1149));
        Assert.Empty(ended);
        channel.AdvanceTo(new SimTime(5000));
        Assert.Equal([(0, 1150L)], ended);
        Assert.Equal((1000L, 0L, 0, new SimDuration(1050)), (channel.BytesMoved, channel.BytesUnderWay, channel.Count, channel.Busy));
    }

    // By hand: 500 bytes alone, then half the bandwidth each until the first ends at 1500, then the second alone.
    [Fact]
    public void AdvanceTo_TwoAtOnce_ShareTheBandwidthEqually()
    {
        var channel = new TierChannel(new TierLink(BytePerNanosecond, SimDuration.Zero), oneByOne: false);
        var ended = Start(channel, (0, 1000), (500, 1000));
        channel.AdvanceTo(new SimTime(9999));
        Assert.Equal([(0, 1500L), (1, 2000L)], ended);
    }

    // By hand: three from 0 until the short one has its 100 bytes at 300; then two until 100 + (1000 - 100) * 2 = 2100; the last
    // has been served 1000 of 2000 by then.
    [Fact]
    public void AdvanceTo_Three_SpeedUpAsOthersEnd()
    {
        var channel = new TierChannel(new TierLink(BytePerNanosecond, SimDuration.Zero), oneByOne: false);
        var ended = Start(channel, (0, 1000), (0, 2000), (0, 100));
        channel.AdvanceTo(new SimTime(9999));
        Assert.Equal([(2, 300L), (0, 2100L), (1, 3100L)], ended);
    }

    [Fact]
    public void AdvanceTo_OneByOne_EachHasItAll()
    {
        var channel = new TierChannel(new TierLink(BytePerNanosecond, new SimDuration(10)), oneByOne: true);
        var ended = Start(channel, (0, 1000), (500, 1000), (3000, 5));
        Assert.Equal(new SimTime(3015), channel.Drained);
        channel.AdvanceTo(new SimTime(9999));
        Assert.Equal([(0, 1010L), (1, 2010L), (2, 3015L)], ended);
    }

    [Fact]
    public void AdvanceTo_NoLimit_TakesTheLatencyOnly()
    {
        var channel = new TierChannel(new TierLink(null, new SimDuration(7)), oneByOne: false);
        var ended = Start(channel, (0, long.MaxValue / 4), (3, 1));
        channel.AdvanceTo(new SimTime(100));
        Assert.Equal([(0, 7L), (1, 10L)], ended);
    }

    [Fact]
    public void Finish_OfACancelledTransfer_IsNotTold()
    {
        var channel = new TierChannel(TierLink.Instant, oneByOne: false);
        var ended = new List<(int, long)>();
        channel.Start(new Told(0, 10, ended) { Cancelled = true }, SimTime.Zero);
        channel.AdvanceTo(SimTime.Zero);
        Assert.Empty(ended);
        Assert.Equal(0, channel.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdvanceTo_Random_NeverFasterThanTheLinkAndNothingIsLost(bool oneByOne)
    {
        for (ulong seed = 0; seed < 300; seed++)
        {
            var (link, starts) = Random(seed);
            var channel = new TierChannel(link, oneByOne);
            var ended = Start(channel, starts);
            var drained = oneByOne ? channel.Drained : new SimTime(long.MaxValue / 2);
            Assert.Equal(starts.Sum(s => s.Bytes), channel.BytesMoved + channel.BytesUnderWay);
            channel.AdvanceTo(drained);
            Assert.Equal((starts.Length, 0, 0L), (ended.Count, channel.Count, channel.BytesUnderWay));

            long moved = 0;
            var first = starts.Min(s => s.At);
            foreach (var (index, at) in ended)
            {
                // Never faster than alone, and all together never faster than the bandwidth.
                Assert.True(at >= starts[index].At + link.Least(starts[index].Bytes).Nanoseconds);
                moved += starts[index].Bytes;
                Assert.True((Int128)moved * 1_000_000_000 <= (Int128)link.BytesPerSecond!.Value * (at - first));
            }

            if (oneByOne)
            {
                Assert.Equal(Enumerable.Range(0, starts.Length), ended.Select(e => e.Index));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdvanceTo_LookedAtMoreOften_ChangesNothing(bool oneByOne)
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            var (link, starts) = Random(seed);
            var calm = new TierChannel(link, oneByOne);
            var expected = Start(calm, starts);
            calm.AdvanceTo(new SimTime(long.MaxValue / 2));

            var nosy = new TierChannel(link, oneByOne);
            var ended = new List<(int Index, long At)>();
            var random = new RandomStream(seed, StreamId.Test, 77);
            for (var i = 0; i < starts.Length; i++)
            {
                for (var t = i == 0 ? 0 : starts[i - 1].At; t < starts[i].At; t += 1 + random.NextInt(400))
                {
                    nosy.AdvanceTo(new SimTime(t));
                    Assert.True(nosy.Next > new SimTime(t));
                }

                nosy.Start(new Told(i, starts[i].Bytes, ended), new SimTime(starts[i].At));
            }

            while (nosy.Next is var next && next != SimTime.Never)
            {
                nosy.AdvanceTo(next);
            }

            Assert.Equal(expected, ended);
        }
    }

    private static (TierLink Link, (long At, long Bytes)[] Starts) Random(ulong seed)
    {
        var random = new RandomStream(seed, StreamId.Test, 5);
        var link = new TierLink(1 + random.NextInt(2_000_000_000), new SimDuration(random.NextInt(300)));
        var starts = new (long At, long Bytes)[1 + random.NextInt(12)];
        long at = random.NextInt(1000);
        for (var i = 0; i < starts.Length; i++)
        {
            at += random.NextInt(3) == 0 ? 0 : random.NextInt(2000);
            starts[i] = (at, random.NextInt(5) == 0 ? 0 : random.NextInt(4000));
        }

        return (link, starts);
    }

    private static List<(int Index, long At)> Start(TierChannel channel, params (long At, long Bytes)[] starts)
    {
        var ended = new List<(int Index, long At)>();
        for (var i = 0; i < starts.Length; i++)
        {
            channel.Start(new Told(i, starts[i].Bytes, ended), new SimTime(starts[i].At));
        }

        return ended;
    }

    private sealed class Told(int index, long bytes, List<(int Index, long At)> ended) : TierTransfer(bytes)
    {
        public override void Finish(SimTime now) => ended.Add((index, now.Nanoseconds));
    }
}
