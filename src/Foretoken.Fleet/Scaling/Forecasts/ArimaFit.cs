using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>One fitted ARIMA model and the end of the series that it was fitted to.</summary>
internal sealed class ArimaFit
{
    private readonly double[] _coefficients;
    private readonly double[] _recent;
    private readonly double _innovation;
    private readonly double _last;

    private ArimaFit((int P, int D, int Q) order, double[] coefficients, double[] series, double innovation, double last)
    {
        Order = order;
        _coefficients = coefficients;
        _recent = series;
        _innovation = innovation;
        _last = last;
    }

    /// <summary>Autoregressive terms, differences, moving-average terms.</summary>
    public (int P, int D, int Q) Order { get; }

    /// <summary>The best model of the family for the values, at least five and not all equal.</summary>
    public static ArimaFit Best(IReadOnlyList<double> values)
    {
        ArimaFit? best = null;
        var bestScore = double.PositiveInfinity;
        for (var d = 0; d <= 1; d++)
        {
            var series = d == 0 ? [.. values] : Differences(values);
            var innovations = LongInnovations(series);
            for (var p = 0; p <= 2; p++)
            {
                for (var q = 0; q <= 1; q++)
                {
                    if (Fit(series, innovations, p, q) is not { } fit)
                    {
                        continue;
                    }

                    // Both differences and levels are scored on one-step errors of the values themselves, so they compare.
                    if (fit.Score < bestScore - 1e-9)
                    {
                        bestScore = fit.Score;
                        best = new ArimaFit((p, d, q), fit.Coefficients, series, fit.LastError, values[^1]);
                    }
                }
            }
        }

        return best ?? new ArimaFit((0, 1, 0), [0], Differences(values), 0, values[^1]);
    }

    /// <summary>The value so many steps on.</summary>
    public double Forecast(int steps)
    {
        var (p, d, q) = Order;
        var window = _recent.AsSpan(Math.Max(0, _recent.Length - 2)).ToArray().ToList();
        var value = _last;
        for (var k = 1; k <= steps; k++)
        {
            var next = _coefficients[0];
            for (var i = 1; i <= p; i++)
            {
                next += _coefficients[i] * window[^i];
            }

            next += q == 1 && k == 1 ? _coefficients[p + 1] * _innovation : 0;
            window.Add(next);
            value = d == 0 ? next : value + next;
        }

        return value;
    }

    private static double[] Differences(IReadOnlyList<double> values)
    {
        var series = new double[values.Count - 1];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = values[i + 1] - values[i];
        }

        return series;
    }

    private static double[] LongInnovations(double[] series)
    {
        // Order of the long autoregression: grows slowly with the length.
        var order = Math.Clamp(series.Length / 8, 1, 5);
        var errors = new double[series.Length];
        if (LeastSquares.Solve(series.Length - order, order + 1, (row, column) => column == 0 ? 1 : series[row + order - column], row => series[row + order]) is { } c)
        {
            for (var t = order; t < series.Length; t++)
            {
                errors[t] = series[t] - c[0];
                for (var i = 1; i <= order; i++)
                {
                    errors[t] -= c[i] * series[t - i];
                }
            }
        }

        return errors;
    }

    private static (double[] Coefficients, double Score, double LastError)? Fit(double[] series, double[] innovations, int p, int q)
    {
        // All orders are fitted to the same rows, so that their scores compare.
        const int First = 2;
        var rows = series.Length - First;
        var terms = 1 + p + q;
        if (rows < terms + 2)
        {
            return null;
        }

        double Term(int row, int column) => column == 0 ? 1 : column <= p ? series[row + First - column] : innovations[row + First - 1];
        if (LeastSquares.Solve(rows, terms, Term, row => series[row + First]) is not { } c)
        {
            return null;
        }

        double squares = 0;
        double error = 0;
        for (var row = 0; row < rows; row++)
        {
            error = series[row + First];
            for (var column = 0; column < terms; column++)
            {
                error -= c[column] * Term(row, column);
            }

            squares += error * error;
        }

        // A root outside the unit circle would run away over many steps.
        if (p > 0 && !Stationary(c, p))
        {
            return null;
        }

        var k = terms + 1;
        var scale = 0.0;
        foreach (var value in series)
        {
            scale = Math.Max(scale, Math.Abs(value));
        }

        // An exact fit has no finite likelihood: the error is floored far below anything that matters.
        var variance = Math.Max(squares / rows, 1e-18 * scale * scale + 1e-300);
        var score = rows * DeterministicMath.Log(variance) + 2 * k + (rows - k - 1 > 0 ? 2.0 * k * (k + 1) / (rows - k - 1) : 2.0 * k * (k + 1));
        return (c, score, error);
    }

    private static bool Stationary(double[] c, int p) =>
        p == 1 ? Math.Abs(c[1]) < 1 : Math.Abs(c[2]) < 1 && c[2] + c[1] < 1 && c[2] - c[1] < 1;
}
