using System.Globalization;

namespace Foretoken.Reports.Summaries;

/// <summary>Statistics of a metric's values, in the metric's unit.</summary>
public sealed record Distribution
{
    /// <summary>Percentiles that every distribution carries: AIPerf's, and p99.9.</summary>
    public static readonly IReadOnlyList<double> StandardPercentiles = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9];

    /// <summary>How many values.</summary>
    public required long Count { get; init; }

    /// <summary>Sum of the values.</summary>
    public required double Sum { get; init; }

    /// <summary>Arithmetic mean.</summary>
    public required double Mean { get; init; }

    /// <summary>Smallest value.</summary>
    public required double Minimum { get; init; }

    /// <summary>Largest value.</summary>
    public required double Maximum { get; init; }

    /// <summary>Standard deviation of the values as a whole (divided by their count, as AIPerf does).</summary>
    public required double StandardDeviation { get; init; }

    /// <summary>
    /// Percentiles, ascending. Per-request metrics: linear interpolation between order statistics at (n - 1) p / 100
    /// (numpy's default, AIPerf's rule). Pooled metrics: nearest rank in a histogram.
    /// </summary>
    public required IReadOnlyList<(double P, double Value)> Percentiles { get; init; }

    /// <summary>A percentile that is among <see cref="Percentiles"/>.</summary>
    public double At(double p)
    {
        foreach (var (known, value) in Percentiles)
        {
            if (known == p)
            {
                return value;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(p), p, "This percentile was not computed.");
    }

    /// <summary>Key of a percentile: 95 is <c>p95</c>, 99.9 is <c>p99_9</c>.</summary>
    public static string PercentileName(double p) => "p" + p.ToString(CultureInfo.InvariantCulture).Replace('.', '_');
}
