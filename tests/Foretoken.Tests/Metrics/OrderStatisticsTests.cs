using FsCheck;
using FsCheck.Fluent;
using Foretoken.Metrics.Summaries;
using Xunit;

namespace Foretoken.Tests.Metrics;

public sealed class OrderStatisticsTests
{
    [Fact]
    public void Place_AnyNumbersAndRanks_HoldsWhatSortedNumbersHold()
    {
        var numbers = Gen.OneOf(
            Gen.Choose(-3, 3).Select(v => (double)v).ListOf(),
            Gen.Choose(int.MinValue, int.MaxValue).Select(v => v / 7.0).ListOf(),
            Gen.Choose(0, 400).Select(n => Enumerable.Range(0, n).Select(v => (double)v).ToList()),
            Gen.Choose(0, 400).Select(n => Enumerable.Range(0, n).Select(v => (double)Math.Min(v, n - v)).ToList()));
        var cases = from list in numbers
                    from picks in Gen.Choose(0, 1_000_000).ArrayOf()
                    select (Values: list.ToArray(), Picks: picks);
        Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var sorted = drawn.Values.Order().ToArray();
            var ranks = sorted.Length == 0 ? [] : drawn.Picks.Select(p => p % sorted.Length).Distinct().Order().ToArray();
            var placed = (double[])drawn.Values.Clone();
            OrderStatistics.Place(placed, ranks);
            Assert.All(ranks, r => Assert.Equal(sorted[r], placed[r]));
            Assert.Equal(sorted, placed.Order());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Place_NumbersThatDefeatTheMedianOfThree_AreStillPlaced()
    {
        // Musser's median-of-3 killer: every split by it is as uneven as can be.
        const int Count = 20_000;
        var values = new double[Count];
        for (var i = 0; i < Count / 2; i++)
        {
            values[2 * i] = i % 2 == 0 ? i + 1 : i + 1 + (Count / 2);
            values[(2 * i) + 1] = Count - i;
        }

        var sorted = values.Order().ToArray();
        OrderStatistics.Place(values, [0, 17, Count / 2, Count - 1]);
        Assert.Equal([sorted[0], sorted[17], sorted[Count / 2], sorted[^1]], [values[0], values[17], values[Count / 2], values[^1]]);
    }
}
