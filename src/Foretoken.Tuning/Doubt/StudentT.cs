using Foretoken.Quantities;

namespace Foretoken.Tuning.Doubt;

/// <summary>Student's t distribution.</summary>
internal static class StudentT
{
    /// <summary>
    /// The quantile (G. W. Hill, "Algorithm 396: Student's t-quantiles", Communications of the ACM 1970; exact for one and two
    /// degrees, better than 1e-4 for more).
    /// </summary>
    /// <param name="p">Probability, strictly between 0 and 1.</param>
    /// <param name="degrees">Degrees of freedom, at least 1; need not be whole above 2, is rounded down below.</param>
    public static double Quantile(double p, double degrees)
    {
        if (p < 0.5)
        {
            return -Quantile(1 - p, degrees);
        }

        if (p == 0.5)
        {
            return 0;
        }

        if (degrees < 2)
        {
            // Cauchy: the tangent of (p - 1/2) half turns.
            return DeterministicMath.SinTurns((p - 0.5) / 2) / DeterministicMath.SinTurns((1 - p) / 2);
        }

        var tails = 2 * (1 - p);
        if (degrees < 2.5)
        {
            return Math.Sqrt((2 / (tails * (2 - tails))) - 2);
        }

        var n = degrees;
        var a = 1 / (n - 0.5);
        var b = 48 / (a * a);
        var c = (((((20700 * a / b) - 98) * a) - 16) * a) + 96.36;
        var d = ((((94.5 / (b + c)) - 3) / b) + 1) * Math.Sqrt(a * Math.PI / 2) * n;
        var x = d * tails;
        var y = DeterministicMath.Pow(x, 2 / n);
        if (y > 0.05 + a)
        {
            x = DeterministicMath.NormalQuantile(tails / 2);
            y = x * x;
            c += n < 5 ? 0.3 * (n - 4.5) * (x + 0.6) : 0;
            c += (((((((0.05 * d * x) - 5) * x) - 7) * x) - 2) * x) + b;
            y = (((((((((0.4 * y) + 6.3) * y) + 36) * y) + 94.5) / c) - y - 3) / b) + 1;
            y *= x;
            y = a * y * y;
            y = y > 0.002 ? DeterministicMath.Exp(y) - 1 : (0.5 * y * y) + y;
        }
        else
        {
            var inner = ((1 / ((((n + 6) / (n * y)) - (0.089 * d) - 0.822) * (n + 2) * 3)) + (0.5 / (n + 4))) * y;
            y = ((inner - 1) * (n + 1) / (n + 2)) + (1 / y);
        }

        return Math.Sqrt(n * y);
    }
}
