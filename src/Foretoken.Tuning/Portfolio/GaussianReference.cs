using Foretoken.Quantities;

namespace Foretoken.Tuning.Portfolio;

/// <summary>
/// Points of one cloud without clusters, with the spread of given ones: what a cut of traffic of one kind would look like
/// (the null of SigClust, Liu et al. 2008). Any cloud can be cut; only a cut that is clearer than this one's means something.
/// </summary>
internal static class GaussianReference
{
    /// <summary>As many points, with the same covariance.</summary>
    public static List<double[]> Of(IReadOnlyList<double[]> points, ulong seed)
    {
        var factor = Cholesky(Covariance(points));
        var random = new RandomStream(seed, StreamId.Portfolio, 0);
        var drawn = new List<double[]>(points.Count);
        var normal = new double[factor.Length];
        for (var i = 0; i < points.Count; i++)
        {
            for (var d = 0; d < normal.Length; d++)
            {
                normal[d] = random.NextNormal();
            }

            drawn.Add([.. factor.Select(row => row.Select((f, d) => f * normal[d]).Sum())]);
        }

        return drawn;
    }

    private static double[][] Covariance(IReadOnlyList<double[]> points)
    {
        var size = points[0].Length;
        double[] mean = [.. Enumerable.Range(0, size).Select(d => points.Average(p => p[d]))];
        return [.. Enumerable.Range(0, size).Select(a => Enumerable.Range(0, size).Select(b => points.Average(p => (p[a] - mean[a]) * (p[b] - mean[b]))).ToArray())];
    }

    // A direction without any spread has a column of zeros.
    private static double[][] Cholesky(double[][] matrix)
    {
        var factor = new double[matrix.Length][];
        for (var i = 0; i < matrix.Length; i++)
        {
            factor[i] = new double[matrix.Length];
            for (var j = 0; j <= i; j++)
            {
                var rest = matrix[i][j];
                for (var k = 0; k < j; k++)
                {
                    rest -= factor[i][k] * factor[j][k];
                }

                factor[i][j] = i == j ? Math.Sqrt(Math.Max(0, rest)) : factor[j][j] > 1e-9 ? rest / factor[j][j] : 0;
            }
        }

        return factor;
    }
}
