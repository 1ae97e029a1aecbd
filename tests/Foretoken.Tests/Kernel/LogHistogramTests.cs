using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Kernel;

public sealed class LogHistogramTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.999)]
    [InlineData(1.0)]
    public void Quantile_AnyScale_IsWithinATenthOfAPercentOfTheExactOne(double q)
    {
        for (var scale = 1L; scale < 1_000_000_000_000_000; scale *= 1000)
        {
            var random = new RandomStream((ulong)scale, StreamId.Test);
            var histogram = new LogHistogram();
            var values = new long[10_001];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = 1 + (long)(scale * random.NextExponential());
                histogram.Add(values[i]);
            }

            Array.Sort(values);
            var exact = values[Math.Clamp((int)Math.Ceiling(q * values.Length), 1, values.Length) - 1];
            Assert.InRange(histogram.Quantile(q), exact * 0.9995 - 0.5, exact * 1.0005 + 0.5);
            Assert.Equal(values[0], histogram.Minimum);
            Assert.Equal(values[^1], histogram.Maximum);
            Assert.Equal(values.Average(v => (double)v), histogram.Mean, 1e-6 * values.Average(v => (double)v));
        }
    }

    [Fact]
    public void Merge_OfParts_EqualsTheWhole()
    {
        var random = new RandomStream(8, StreamId.Test);
        var whole = new LogHistogram();
        var parts = new[] { new LogHistogram(), new LogHistogram(), new LogHistogram() };
        for (var i = 0; i < 5000; i++)
        {
            var value = (long)(1e7 * random.NextExponential());
            var weight = 1 + random.NextInt(5);
            whole.Add(value, weight);
            parts[i % 3].Add(value, weight);
        }

        var merged = new LogHistogram();
        foreach (var part in parts)
        {
            merged.Merge(part);
        }

        merged.Merge(new LogHistogram());
        Assert.Equal(whole.Buckets(), merged.Buckets());
        Assert.Equal((whole.Count, whole.Minimum, whole.Maximum, whole.Mean), (merged.Count, merged.Minimum, merged.Maximum, merged.Mean));
    }

    [Fact]
    public void BucketOf_GrowsWithTheValue_AndHoldsItsMiddle()
    {
        var last = -1;
        for (long value = 0; value < 100_000; value++)
        {
            var bucket = LogHistogram.BucketOf(value);
            Assert.InRange(bucket, last, last + 1);
            last = bucket;
        }

        foreach (var value in new[] { 2047L, 2048, 2049, 4095, 4096, 123_456_789_012, long.MaxValue })
        {
            var one = new LogHistogram();
            one.Add(value);
            Assert.Equal(value, one.Quantile(0.5)); // minimum = maximum = the value
        }
    }

    [Fact]
    public void Quantile_Empty_IsNotANumber() => Assert.True(double.IsNaN(new LogHistogram().Quantile(0.5)));
}
