using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Kernel;

public sealed class OccupancyTimelineTests
{
    [Fact]
    public void GrowBlocks_WithinABin_IsAsManySets()
    {
        var atOnce = new OccupancyTimeline();
        var oneByOne = new OccupancyTimeline();
        long[] times = [3, 3, 1_000, 9_999_000, 10_000_000];
        foreach (var timeline in new[] { atOnce, oneByOne })
        {
            timeline.Set(2, 5, 6, 1_000_000);
        }

        atOnce.GrowBlocks(times, 7);
        for (var i = 0; i < times.Length; i++)
        {
            oneByOne.Set(times[i], 5, 6, 1_000_000 + 7 * (i + 1));
        }

        foreach (var timeline in new[] { atOnce, oneByOne })
        {
            timeline.Hold(25_000_000);
        }

        Assert.Equal(oneByOne.Blocks, atOnce.Blocks);
        Assert.Equal(oneByOne.Running, atOnce.Running);
        Assert.Equal(oneByOne.Waiting, atOnce.Waiting);
    }

    [Fact]
    public void Set_AnyCuttingOfTime_GivesTheSameBins()
    {
        var random = new RandomStream(9, StreamId.Test);
        var coarse = new OccupancyTimeline();
        var fine = new OccupancyTimeline();
        Int128 area = 0;
        long now = 0;
        int running = 0, waiting = 0, blocks = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var next = now + random.NextInt(50_000_000);
            area += (Int128)running * (next - now);
            for (var cut = now; cut < next; cut += 1 + random.NextInt(20_000_000))
            {
                fine.Hold(cut);
            }

            (running, waiting, blocks) = (random.NextInt(200), random.NextInt(50), random.NextInt(100_000));
            coarse.Set(next, running, waiting, blocks);
            fine.Set(next, running, waiting, blocks);
            now = next;
        }

        Assert.True(coarse.Width > 10_000_000, "the run must be long enough for bins to merge");
        Assert.InRange(coarse.Bins, OccupancyTimeline.BinsMax / 2, OccupancyTimeline.BinsMax);
        Assert.Equal(coarse.Running, fine.Running);
        Assert.Equal(coarse.Waiting, fine.Waiting);
        Assert.Equal(coarse.Blocks, fine.Blocks);
        Int128 sum = 0;
        foreach (var bin in coarse.Running)
        {
            sum += bin;
        }

        Assert.Equal(area, sum);
    }

    [Fact]
    public void Set_OnABinEdge_BelongsToTheEarlierBin()
    {
        var timeline = new OccupancyTimeline();
        timeline.Set(0, 3, 0, 0);
        timeline.Hold(10_000_000);
        timeline.CountTokens(5);
        timeline.Hold(10_000_001);
        timeline.CountTokens(7);
        Assert.Equal([30_000_000L, 3], timeline.Running.ToArray());
        Assert.Equal([5L, 7], timeline.Tokens.ToArray());
    }
}
