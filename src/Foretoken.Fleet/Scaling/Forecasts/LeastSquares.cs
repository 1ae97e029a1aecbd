namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>Linear least squares for a handful of columns.</summary>
internal static class LeastSquares
{
    /// <summary>Coefficients that fit best (normal equations, Gaussian elimination with pivots); null when the columns depend on each other.</summary>
    public static double[]? Solve(int rows, int columns, Func<int, int, double> term, Func<int, double> value)
    {
        if (rows < columns)
        {
            return null;
        }

        var a = new double[columns, columns + 1];
        var row = new double[columns];
        for (var r = 0; r < rows; r++)
        {
            for (var i = 0; i < columns; i++)
            {
                row[i] = term(r, i);
            }

            var y = value(r);
            for (var i = 0; i < columns; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    a[i, j] += row[i] * row[j];
                }

                a[i, columns] += row[i] * y;
            }
        }

        return Eliminate(a, columns);
    }

    private static double[]? Eliminate(double[,] a, int n)
    {
        var largest = 0.0;
        for (var i = 0; i < n; i++)
        {
            largest = Math.Max(largest, Math.Abs(a[i, i]));
        }

        for (var k = 0; k < n; k++)
        {
            var pivot = k;
            for (var i = k + 1; i < n; i++)
            {
                pivot = Math.Abs(a[i, k]) > Math.Abs(a[pivot, k]) ? i : pivot;
            }

            if (Math.Abs(a[pivot, k]) <= 1e-12 * largest)
            {
                return null;
            }

            for (var j = 0; j <= n && pivot != k; j++)
            {
                (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]);
            }

            for (var i = 0; i < n; i++)
            {
                if (i != k)
                {
                    var factor = a[i, k] / a[k, k];
                    for (var j = k; j <= n; j++)
                    {
                        a[i, j] -= factor * a[k, j];
                    }
                }
            }
        }

        var solution = new double[n];
        for (var i = 0; i < n; i++)
        {
            solution[i] = a[i, n] / a[i, i];
        }

        return solution;
    }
}
