using FsCheck;
using FsCheck.Fluent;
using Foretoken.Quantities;
using Foretoken.Metrics.Summaries;
using Xunit;

namespace Foretoken.Tests.Metrics;

public sealed class DoubleSortTests
{
    [Fact]
    public void Sort_AnyNumbers_EqualsTheRuntimesSort()
    {
        var numbers = Gen.OneOf(Gen.Choose(-3, 3).Select(v => (double)v), Gen.Choose(int.MinValue, int.MaxValue).Select(v => v / 7.0)).ListOf();
        Prop.ForAll(numbers.ToArbitrary(), list =>
        {
            var sorted = list.ToArray();
            DoubleSort.Sort(sorted);
            Assert.Equal(list.Order(), sorted);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Theory]
    [InlineData(99_999)]
    [InlineData(100_001)]
    public void Sort_LongInput_EqualsTheRuntimesSort(int count)
    {
        var random = new RandomStream(3, StreamId.Test);
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = random.NextInt(1000) + (i % 3 == 0 ? random.NextDouble() : 0);
        }

        var sorted = (double[])values.Clone();
        DoubleSort.Sort(sorted);
        Assert.Equal(values.Order(), sorted);
    }
}
