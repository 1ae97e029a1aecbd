namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>Rank statistics.</summary>
internal static class Ranks
{
    /// <summary>Spearman's rank correlation, ties at their middle rank; 0 when one side is constant.</summary>
    public static double Correlation(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        var a = Of(x);
        var b = Of(y);
        var mean = (a.Length - 1) / 2.0;
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (var i = 0; i < a.Length; i++)
        {
            xy += (a[i] - mean) * (b[i] - mean);
            xx += (a[i] - mean) * (a[i] - mean);
            yy += (b[i] - mean) * (b[i] - mean);
        }

        return xx == 0 || yy == 0 ? 0 : xy / Math.Sqrt(xx * yy);
    }

    /// <summary>The correlation of normal scores that a Gaussian copula needs to have this rank correlation, within ±0.99.</summary>
    public static double ToNormal(double rankCorrelation) => Math.Clamp(2 * Quantities.DeterministicMath.SinTurns(rankCorrelation / 12), -0.99, 0.99);

    /// <summary>Largest distance between two samples' distribution functions (Kolmogorov-Smirnov).</summary>
    public static double Distance(IEnumerable<double> x, IEnumerable<double> y) => DistanceSorted([.. x.Order()], [.. y.Order()]);

    /// <summary>As <see cref="Distance"/>, of samples in ascending order.</summary>
    public static double DistanceSorted(double[] a, double[] b)
    {
        double worst = 0;
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            var value = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] == value)
            {
                i++;
            }

            while (j < b.Length && b[j] == value)
            {
                j++;
            }

            worst = Math.Max(worst, Math.Abs((double)i / a.Length - (double)j / b.Length));
        }

        return worst;
    }

    /// <summary>What <see cref="Distance"/> stays below 95 % of the time between samples of n and m values of one distribution.</summary>
    public static double Chance(int n, int m) => 1.358 * Math.Sqrt((double)(n + m) / ((double)n * m));

    /// <summary>Value at share <paramref name="q"/> of a sorted sample (nearest rank).</summary>
    public static double Quantile(double[] sorted, double q) => sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length) - 1, 0, sorted.Length - 1)];

    private static double[] Of(IReadOnlyList<double> x)
    {
        var order = new int[x.Count];
        var keys = new double[x.Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = x[i];
        }

        Array.Sort(keys, order);
        var ranks = new double[x.Count];
        for (var i = 0; i < order.Length;)
        {
            var j = i;
            while (j < order.Length && keys[j] == keys[i])
            {
                j++;
            }

            for (var k = i; k < j; k++)
            {
                ranks[order[k]] = (i + j - 1) / 2.0;
            }

            i = j;
        }

        return ranks;
    }
}
