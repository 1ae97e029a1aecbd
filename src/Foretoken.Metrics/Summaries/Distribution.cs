using System.Globalization;

namespace Foretoken.Metrics.Summaries;

/// <summary>Statistics of a metric's values, in the metric's unit.</summary>
public sealed record Distribution
{
    /// <summary>Percentiles that every distribution carries: AIPerf's, and p99.9.</summary>
    internal static readonly double[] StandardPercentiles = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9];

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
    public required IReadOnlyList<PercentileValue> Percentiles { get; init; }

    /// <summary>The standard percentiles and those that the SLO's targets and the context ask for, ascending, each once.</summary>
    internal static double[] PercentilesFor(SummaryContext context)
    {
        var targets = context.Slo?.Targets;
        var asked = context.Percentiles;
        var wanted = new double[StandardPercentiles.Length + (targets?.Count ?? 0) + asked.Count];
        StandardPercentiles.CopyTo(wanted, 0);
        var count = StandardPercentiles.Length;
        for (var i = 0; targets is not null && i < targets.Count; i++)
        {
            if (targets[i].Percentile is { } p)
            {
                Insert(p);
            }
        }

        for (var i = 0; i < asked.Count; i++)
        {
            Insert(asked[i]);
        }

        return wanted[..count];

        void Insert(double p)
        {
            var at = 0;
            while (at < count && wanted[at] < p)
            {
                at++;
            }

            if (at == count || wanted[at] != p)
            {
                wanted.AsSpan(at, count - at).CopyTo(wanted.AsSpan(at + 1));
                wanted[at] = p;
                count++;
            }
        }
    }

    /// <summary>A percentile that is among <see cref="Percentiles"/>.</summary>
    public double At(double p)
    {
        for (var i = 0; i < Percentiles.Count; i++)
        {
            if (Percentiles[i].P == p)
            {
                return Percentiles[i].Value;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(p), p, "This percentile was not computed.");
    }

    /// <summary>Key of a percentile: 95 is <c>p95</c>, 99.9 is <c>p99_9</c>.</summary>
    public static string PercentileName(double p) => "p" + p.ToString(CultureInfo.InvariantCulture).Replace('.', '_');
}

/// <summary>The value at a percentile.</summary>
/// <param name="P">The percentile, 0 to 100.</param>
/// <param name="Value">The value, in the metric's unit.</param>
public sealed record PercentileValue(double P, double Value);
