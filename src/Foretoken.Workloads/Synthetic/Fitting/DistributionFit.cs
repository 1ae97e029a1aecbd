using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>
/// Describes a sample by few numbers: a fixed value, a log-normal where it is close enough, else a table of quantiles with
/// straight lines between, its points set where the table misses the sample most.
/// </summary>
internal static class DistributionFit
{
    private const int PointsMax = 28;
    private const double CloseEnough = 0.003;

    // Above this distance a table of quantiles says more than two parameters do.
    private const double LognormalMax = 0.02;

    /// <summary>Fits whole numbers (tokens) or, with another range, any values; the sample must lie in the range.</summary>
    public static DistributionSpec Fit(IEnumerable<double> sample, ValueRange range)
    {
        var sorted = sample.Order().ToArray();
        if (sorted[0] == sorted[^1])
        {
            return DistributionSpec.Fixed(sorted[0]);
        }

        if (Lognormal(sorted, range) is { } lognormal && Distance(sorted, lognormal, range) <= LognormalMax)
        {
            return lognormal;
        }

        return Table(sorted, range);
    }

    /// <summary>As <see cref="Fit(IEnumerable{double}, ValueRange)"/>, for times in seconds; the exponential is tried first.</summary>
    public static DurationSpec FitTimes(IEnumerable<double> seconds)
    {
        var sorted = seconds.Order().ToArray();
        var exponential = new DistributionSpec { Distribution = DistributionKind.Exponential, Mean = Math.Max(sorted.Average(), 1e-9) };
        var spec = sorted[0] != sorted[^1] && Distance(sorted, exponential, ValueRange.Seconds) <= LognormalMax ? exponential : Fit(sorted, ValueRange.Seconds);
        return new DurationSpec
        {
            Distribution = spec.Distribution,
            Value = Time(spec.Value),
            Mean = Time(spec.Mean),
            Cv = spec.Cv,
            Median = Time(spec.Median),
            Sigma = spec.Sigma,
            Min = Time(spec.Min),
            Max = Time(spec.Max),
            Quantiles = spec.Quantiles?.Select(point => new DurationPoint { Q = point.Q, Value = Time(point.Value)!.Value }).ToArray(),
        };

        static SimDuration? Time(double? x) => x is { } value ? SimDuration.FromSeconds(Rounded(value)) : null;
    }

    /// <summary>Fits numbers of turns: the geometric where it is close, else every number with its share.</summary>
    public static DistributionSpec FitCounts(IReadOnlyList<int> counts)
    {
        var values = counts.Select(count => (double)count).Order().ToArray();
        if (values[0] == values[^1])
        {
            return DistributionSpec.Fixed(values[0]);
        }

        var geometric = new DistributionSpec { Distribution = DistributionKind.Geometric, Mean = Math.Max(1, Rounded(values.Average())) };
        if (Distance(values, geometric, ValueRange.Turns) <= LognormalMax)
        {
            return geometric;
        }

        var groups = values.GroupBy(value => value).ToList();
        return groups.Count > PointsMax
            ? Table(values, ValueRange.Turns)
            : new() { Distribution = DistributionKind.Empirical, Values = [.. groups.Select(g => g.Key)], Weights = [.. groups.Select(g => (double)g.Count())] };
    }

    private static DistributionSpec? Lognormal(double[] sorted, ValueRange range)
    {
        if (sorted[0] <= 0)
        {
            return null;
        }

        var logs = Array.ConvertAll(sorted, DeterministicMath.Log);
        var mean = logs.Average();
        var sigma = Math.Sqrt(logs.Average(x => (x - mean) * (x - mean)));
        var spec = new DistributionSpec
        {
            Distribution = DistributionKind.Lognormal,
            Median = Rounded(DeterministicMath.Exp(mean)),
            Sigma = Rounded(sigma),
            Max = range.Whole ? sorted[^1] : Rounded(sorted[^1] * 1.0001),
        };
        return spec.Validate("", range).Count == 0 ? spec : null;
    }

    private static DistributionSpec Table(double[] sorted, ValueRange range)
    {
        // A whole number k stands for the interval up to k + 1/2, so that its share becomes the step of a straight line.
        var half = range.Whole ? 0.5 : 0;
        var points = new SortedDictionary<double, double> { [0] = range.Whole ? sorted[0] : Rounded(sorted[0]), [1] = range.Whole ? sorted[^1] : Rounded(sorted[^1]) };
        foreach (var q in new[] { 0.5, 0.9, 0.99, 0.999 })
        {
            AddAt(sorted, Ranks.Quantile(sorted, q), half, points);
        }

        while (points.Count < PointsMax)
        {
            var (value, distance) = Worst(sorted, new Sampler(Spec(points), range));
            var before = points.Count;
            AddAt(sorted, value, half, points);
            if (distance < CloseEnough || points.Count == before)
            {
                break;
            }
        }

        return Spec(points);
    }

    // Two points, below and above a value that many requests have, so that the value keeps its share.
    private static void AddAt(double[] sorted, double value, double half, SortedDictionary<double, double> points)
    {
        var below = LowerBound(sorted, value);
        var above = LowerBound(sorted, Math.BitIncrement(value));
        if (below > 0 && above - below > sorted.Length / 200 && points.Count < PointsMax)
        {
            Put(below, half == 0 ? sorted[below - 1] : value - half);
        }

        if (above < sorted.Length)
        {
            Put(above, value + half);
        }

        void Put(int count, double at)
        {
            var q = Math.Round((double)count / sorted.Length, 5);
            if (q is > 0 and < 1)
            {
                points[q] = Rounded(at);
            }
        }
    }

    private static DistributionSpec Spec(SortedDictionary<double, double> points)
    {
        var highest = double.MinValue;
        var table = new List<QuantilePoint>();
        foreach (var (q, value) in points)
        {
            highest = Math.Max(highest, value); // rounding must not let the values fall
            table.Add(new() { Q = q, Value = Math.Min(highest, points[1]) });
        }

        return new() { Distribution = DistributionKind.Empirical, Quantiles = table };
    }

    private static double Distance(double[] sorted, DistributionSpec spec, ValueRange range) => Worst(sorted, new Sampler(spec, range)).Distance;

    // The sampler's distribution function at a value is found by bisection over its quantile function.
    private static (double Value, double Distance) Worst(double[] sorted, Sampler sampler)
    {
        var step = Math.Max(1, sorted.Length / 2000);
        (double Value, double Distance) worst = (sorted[0], -1);
        for (var i = 0; i < sorted.Length; i += step)
        {
            var value = sorted[i];
            var below = (double)LowerBound(sorted, value) / sorted.Length;
            var upTo = (double)LowerBound(sorted, Math.BitIncrement(value)) / sorted.Length;
            var distance = Math.Max(Math.Abs(upTo - ShareUpTo(sampler, value)), Math.Abs(below - ShareUpTo(sampler, Math.BitDecrement(value))));
            if (distance > worst.Distance)
            {
                worst = (value, distance);
            }
        }

        return worst;
    }

    private static double ShareUpTo(Sampler sampler, double value)
    {
        double low = 0;
        double high = 1;
        for (var i = 0; i < 40; i++)
        {
            var middle = (low + high) / 2;
            if (sampler.FromUniform(middle) <= value)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    private static int LowerBound(double[] sorted, double value)
    {
        var low = 0;
        var high = sorted.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (sorted[middle] < value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Five significant digits: what a reader of the spec can take in.</summary>
    internal static double Rounded(double x)
    {
        if (x == 0 || !double.IsFinite(x))
        {
            return x;
        }

        return double.Parse(x.ToString("G5", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
    }
}
