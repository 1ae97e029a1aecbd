using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>A rate over one cycle in pieces, each a straight line.</summary>
internal sealed class RateProfile
{
    private RateProfile(double[] starts, double[] fromRates, double[] toRates, double period)
    {
        Starts = starts;
        FromRates = fromRates;
        ToRates = toRates;
        Period = period;
        double arrivals = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            arrivals += (fromRates[i] + toRates[i]) / 2 * (EndOf(i) - starts[i]);
        }

        MeanRate = arrivals / period;
    }

    /// <summary>Start of each piece in seconds.</summary>
    public double[] Starts { get; }

    /// <summary>Rate at the start of each piece.</summary>
    public double[] FromRates { get; }

    /// <summary>Rate at the end of each piece.</summary>
    public double[] ToRates { get; }

    /// <summary>Length of the cycle in seconds.</summary>
    public double Period { get; }

    /// <summary>Mean arrivals per second.</summary>
    public double MeanRate { get; }

    /// <summary>Constant rates, one bin each.</summary>
    public static RateProfile Steps(IReadOnlyList<double> rates, SimDuration bin)
    {
        var width = bin.TotalSeconds;
        return new([.. rates.Select((_, i) => i * width)], [.. rates], [.. rates], rates.Count * width);
    }

    /// <summary>Straight lines through points; the last rate is held until the end of the period.</summary>
    public static RateProfile Linear(IReadOnlyList<RatePoint> points, SimDuration? period)
    {
        var end = (period ?? points[^1].At).TotalSeconds;
        var pieces = points.Count - (end > points[^1].At.TotalSeconds ? 0 : 1);
        var starts = new double[pieces];
        var from = new double[pieces];
        var to = new double[pieces];
        for (var i = 0; i < pieces; i++)
        {
            starts[i] = points[i].At.TotalSeconds;
            from[i] = points[i].Rate;
            to[i] = points[Math.Min(i + 1, points.Count - 1)].Rate;
        }

        return new(starts, from, to, end);
    }

    /// <summary>End of a piece in seconds.</summary>
    public double EndOf(int piece) => piece + 1 < Starts.Length ? Starts[piece + 1] : Period;
}
