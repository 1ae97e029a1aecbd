using Foretoken.Tests.Workloads.Requests;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Xunit;

namespace Foretoken.Tests.Workloads.Synthetic;

/// <summary>
/// Draws from workloads and compares with theory. Every tolerance is five standard errors of the statistic in question (a
/// chance of about 1 in 2 million per check if the generator is right; seeds are fixed, so a test either always passes or never).
/// </summary>
internal static class Samples
{
    public const double Sigmas = 5;

    public static List<RequestSpec> Draw(int count, Func<SyntheticSpec, SyntheticSpec> change, ulong seed = 11)
    {
        var spec = new SyntheticSpec
        {
            Requests = count,
            Arrivals = new() { Rate = 10 },
            InputTokens = DistributionSpec.Fixed(100),
            OutputTokens = DistributionSpec.Fixed(10),
        };
        return Players.Drain(SyntheticSource.Create(change(spec), seed));
    }

    public static double[] Inputs(int count, DistributionSpec distribution) =>
        [.. Draw(count, spec => spec with { InputTokens = distribution }).Select(r => (double)r.InputTokens)];

    public static double[] Arrivals(int count, ArrivalSpec arrivals, ulong seed = 11) =>
        [.. Draw(count, spec => spec with { Arrivals = arrivals }, seed).Select(r => r.Arrival.TotalSeconds)];

    public static double[] Gaps(double[] arrivals) => [.. arrivals.Zip(arrivals.Prepend(0), (b, a) => b - a)];

    /// <summary>The sample's mean agrees with theory, given the theoretical standard deviation.</summary>
    public static void HasMean(double[] sample, double mean, double standardDeviation)
    {
        var tolerance = Sigmas * standardDeviation / Math.Sqrt(sample.Length);
        Assert.InRange(sample.Average(), mean - tolerance, mean + tolerance);
    }

    /// <summary>The share of values up to <paramref name="x"/> agrees with theory (binomial).</summary>
    public static void HasShare(double[] sample, double x, double share)
    {
        var tolerance = Sigmas * Math.Sqrt(share * (1 - share) / sample.Length) + 1e-12;
        Assert.InRange(sample.Count(value => value <= x) / (double)sample.Length, share - tolerance, share + tolerance);
    }

    /// <summary>Kolmogorov-Smirnov at the level of 1 in a million: sup |F_n - F| &lt; 2.69 / sqrt(n).</summary>
    public static void Follows(double[] sample, Func<double, double> cumulative)
    {
        var sorted = sample.Order().ToArray();
        double worst = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            var f = cumulative(sorted[i]);
            worst = Math.Max(worst, Math.Max(f - (double)i / sorted.Length, (double)(i + 1) / sorted.Length - f));
        }

        Assert.InRange(worst, 0, 2.69 / Math.Sqrt(sorted.Length));
    }

    /// <summary>Counts agree with independent Poisson counts of the given means.</summary>
    public static void HasCounts(IEnumerable<double> times, double binWidth, double[] expected)
    {
        var counts = new double[expected.Length];
        foreach (var time in times)
        {
            var bin = (int)(time / binWidth);
            if (bin < counts.Length)
            {
                counts[bin]++;
            }
        }

        for (var i = 0; i < counts.Length; i++)
        {
            Assert.InRange(counts[i], expected[i] - Sigmas * Math.Sqrt(expected[i]), expected[i] + Sigmas * Math.Sqrt(expected[i]));
        }
    }
}
