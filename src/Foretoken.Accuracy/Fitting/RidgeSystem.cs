namespace Foretoken.Accuracy.Fitting;

/// <summary>
/// Linear least absolute deviations with a normal prior on every unknown, by iteratively reweighted least squares: minimises
/// the sum of weight x |residual + row · x| plus half of ((at + x - prior) / spread)² over the unknowns.
/// </summary>
internal sealed class RidgeSystem(int unknowns)
{
    // Residuals below a hundredth count as squares: nobody measures better.
    private const double Flat = 0.02;
    private const int Rounds = 12;
    private readonly List<(double Residual, double Weight, (int Unknown, double Slope)[] Row)> _rows = [];

    /// <summary>Adds an observation.</summary>
    public void Add(double residual, double weight, params (int Unknown, double Slope)[] row) => _rows.Add((residual, weight, row));

    /// <summary>The unknowns' best changes.</summary>
    /// <param name="at">Where they stand.</param>
    /// <param name="prior">Where they belong if nothing is observed.</param>
    /// <param name="spread">How far they may stray from there.</param>
    public double[] Solve(ReadOnlySpan<double> at, ReadOnlySpan<double> prior, ReadOnlySpan<double> spread)
    {
        var x = new double[unknowns];
        var matrix = new double[unknowns * unknowns];
        var right = new double[unknowns];
        for (var round = 0; round < Rounds; round++)
        {
            Array.Clear(matrix);
            Array.Clear(right);
            for (var i = 0; i < unknowns; i++)
            {
                var stiff = 1 / (spread[i] * spread[i]);
                matrix[(i * unknowns) + i] = stiff;
                right[i] = stiff * (prior[i] - at[i]);
            }

            foreach (var (residual, weight, row) in _rows)
            {
                var now = residual;
                foreach (var (unknown, slope) in row)
                {
                    now += slope * x[unknown];
                }

                var w = weight / Math.Max(Math.Abs(now), Flat);
                foreach (var (a, slopeA) in row)
                {
                    right[a] -= w * slopeA * residual;
                    foreach (var (b, slopeB) in row)
                    {
                        matrix[(a * unknowns) + b] += w * slopeA * slopeB;
                    }
                }
            }

            Cholesky(matrix, unknowns);
            Substitute(matrix, right, unknowns);
            right.CopyTo(x, 0);
        }

        return x;
    }

    // In place, lower triangle. The prior makes the matrix positive definite.
    private static void Cholesky(double[] m, int n)
    {
        for (var j = 0; j < n; j++)
        {
            for (var i = j; i < n; i++)
            {
                var sum = m[(i * n) + j];
                for (var k = 0; k < j; k++)
                {
                    sum -= m[(i * n) + k] * m[(j * n) + k];
                }

                m[(i * n) + j] = i == j ? Math.Sqrt(sum) : sum / m[(j * n) + j];
            }
        }
    }

    private static void Substitute(double[] m, double[] y, int n)
    {
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++)
            {
                y[i] -= m[(i * n) + k] * y[k];
            }

            y[i] /= m[(i * n) + i];
        }

        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++)
            {
                y[i] -= m[(k * n) + i] * y[k];
            }

            y[i] /= m[(i * n) + i];
        }
    }
}
