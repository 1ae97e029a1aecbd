using Foretoken.Fleet.Scaling.Policies;
using Foretoken.Quantities;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Foretoken.Tests.Fleet.Scaling;

public sealed class HpaScalerTests
{
    private static HpaOptions Options(double target = 10) => new() { Target = target };

    [Fact]
    public void Decide_AverageAboveTarget_IsCeilingOfRatioTimesReplicas()
    {
        // 25, 20, 18: mean 21, ratio 2.1, ceil(3 x 2.1) = 7; limit per 15 s: max(3 + 4, 3 x 2) = 7.
        Assert.Equal(7, Views.One(new HpaScaler(Options()), new Views().Scrape(15, 25, 20, 18).At(15, 3)));
    }

    [Fact]
    public void Decide_WithinTolerance_Keeps() =>
        Assert.Equal(3, Views.One(new HpaScaler(Options()), new Views().Scrape(15, 11, 11, 11).At(15, 3)));

    [Fact]
    public void Decide_Growth_IsLimitedPerPeriod()
    {
        // Ratio 10 asks for 20; at most max(2 + 4, 2 x 2) = 6 in 15 s. Ten seconds later nothing more is allowed; after 15 s from 6 to max(10, 12).
        var scaler = new HpaScaler(Options());
        var views = new Views().Scrape(15, 100, 100);
        Assert.Equal(6, Views.One(scaler, views.At(15, 2)));
        Assert.Equal(6, Views.One(scaler, views.Scrape(25, 100, 100).At(25, 2, starting: 4)));
        Assert.Equal(12, Views.One(scaler, views.Scrape(30, 100, 100, 100, 100, 100, 100).At(30, 6)));
    }

    [Fact]
    public void Decide_Shrinking_WaitsFiveMinutesForTheLargestRecommendation()
    {
        var scaler = new HpaScaler(Options());
        var views = new Views();
        Assert.Equal(4, Views.One(scaler, views.Scrape(15, 10, 10, 10, 10).At(15, 4)));
        for (var t = 30; t <= 315; t += 15)
        {
            Assert.Equal(4, Views.One(scaler, views.Scrape(t, 1, 1, 1, 1).At(t, 4)));
        }

        // The recommendation of second 15 is older than 300 s now: ceil(4 x 0.1) = 1, and down is 100 % per period.
        Assert.Equal(1, Views.One(scaler, views.Scrape(330, 1, 1, 1, 1).At(330, 4)));
    }

    [Fact]
    public void Decide_StartingReplicas_CountAsIdleWhenGrowing()
    {
        // 2 serving at 20 (ratio 2), 2 starting counted with 0: 40 / 4 / 10 = 1, within tolerance: nothing.
        Assert.Equal(4, Views.One(new HpaScaler(Options()), new Views().Scrape(15, 20, 20).At(15, 2, starting: 2)));

        // 2 serving at 40, 1 starting: 80 / 3 / 10 = 2.67 of 3: 8, limited to max(3 + 4, 6) = 7.
        Assert.Equal(7, Views.One(new HpaScaler(Options()), new Views().Scrape(15, 40, 40).At(15, 2, starting: 1)));
    }

    [Fact]
    public void Decide_StartingReplicas_CountAsAtTargetWhenShrinking()
    {
        // 2 serving at 2 (ratio 0.2), 2 starting at 10 each: 24 / 4 / 10 = 0.6 of 4: 3 (after the window, which is off here).
        var scaler = new HpaScaler(Options() with { DownWindow = SimDuration.Zero });
        Assert.Equal(3, Views.One(scaler, new Views().Scrape(15, 2, 2).At(15, 2, starting: 2)));
    }

    [Fact]
    public void Decide_AtZero_IsDisabled() => Assert.Equal(0, Views.One(new HpaScaler(Options()), new Views().At(15, 0, minimum: 0)));

    [Fact]
    public void Decide_External_IsTotalOverTarget()
    {
        // 47 in all, 10 per replica: 5.
        var scaler = new HpaScaler(Options() with { External = true });
        Assert.Equal(5, Views.One(scaler, new Views().Scrape(15, 40, 7).At(15, 2)));
    }

    [Fact]
    public void Decide_Always_StaysWithinBoundsAndNeverGrowsInsideTheTolerance() =>
        Prop.ForAll<byte[], byte, byte>(StaysWithin).Check(Config.QuickThrowOnFailure);

    private static bool StaysWithin(byte[] loads, byte minimum, byte extra)
    {
        var low = 1 + minimum % 5;
        var high = low + extra % 20;
        var scaler = new HpaScaler(Options());
        var views = new Views();
        var replicas = low;
        for (var i = 0; i < loads.Length; i++)
        {
            var t = 15.0 * (i + 1);
            views.Scrape(t, [.. Enumerable.Repeat((int)loads[i], replicas)]);
            var next = Views.One(scaler, views.At(t, replicas, minimum: low, maximum: high));
            var inside = loads[i] is >= 9 and <= 11;
            var grew = next > replicas;
            if (next < low || next > high || (inside && grew))
            {
                return false;
            }

            replicas = next;
        }

        return true;
    }
}
