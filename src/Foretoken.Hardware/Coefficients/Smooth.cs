using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients;

/// <summary>The soft maximum that joins the limits of an operator: (a^q + b^q + ...)^(1/q); the sum for q = 1, the maximum for large q.</summary>
internal static class Smooth
{
    /// <summary>Of two limits, neither negative.</summary>
    public static double Max(double a, double b, double q)
    {
        if (q == 1)
        {
            return a + b;
        }

        var (large, small) = a >= b ? (a, b) : (b, a);
        return large == 0 ? 0 : large * DeterministicMath.Pow(1 + DeterministicMath.Pow(small / large, q), 1 / q);
    }

    /// <summary>Of four limits, none negative.</summary>
    public static double Max(double a, double b, double c, double d, double q)
    {
        var large = Math.Max(Math.Max(a, b), Math.Max(c, d));
        if (large == 0)
        {
            return 0;
        }

        var sum = DeterministicMath.Pow(a / large, q) + DeterministicMath.Pow(b / large, q) + DeterministicMath.Pow(c / large, q) + DeterministicMath.Pow(d / large, q);
        return large * DeterministicMath.Pow(sum, 1 / q);
    }
}
