using Foretoken.Metrics.Summaries;
using Xunit;

namespace Foretoken.Tests.Metrics;

/// <summary>The statistics as a textbook writes them: sort everything, sum everything.</summary>
internal static class NaiveStatistics
{
    public static void AssertEqual(double[] values, Distribution actual)
    {
        var sorted = values.Order().ToArray();
        var mean = values.Average();
        Assert.Equal(values.Length, actual.Count);
        Close(values.Sum(), actual.Sum);
        Close(mean, actual.Mean);
        Close(sorted[0], actual.Minimum);
        Close(sorted[^1], actual.Maximum);
        Assert.Equal(Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / values.Length), actual.StandardDeviation, 1e-9 * (Math.Abs(mean) + 1));
        foreach (var (p, value) in actual.Percentiles)
        {
            Close(Percentile(sorted, p), value);
        }
    }

    /// <summary>numpy's default rule.</summary>
    public static double Percentile(double[] sorted, double p)
    {
        var position = (sorted.Length - 1) * p / 100;
        var low = (int)Math.Floor(position);
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] * (1 - (position - low)) + sorted[high] * (position - low);
    }

    private static void Close(double expected, double actual) => Assert.Equal(expected, actual, Math.Abs(expected) * 1e-11 + 1e-12);
}
