namespace Foretoken.Quantities;

/// <summary>
/// Elementary functions made of the basic IEEE operations only, so that every machine computes the same bits. (The
/// runtime's <c>Math.Log</c> and friends call the platform's C library, which differs between platforms.)
/// Relative error below 4e-16 for <see cref="Log"/> and 1e-15 for <see cref="Exp"/>; enough for sampling.
/// </summary>
public static class DeterministicMath
{
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double InverseLn2 = 1.44269504088896338700e+00;

    /// <summary>Natural logarithm. Zero gives negative infinity, a negative number NaN.</summary>
    public static double Log(double x)
    {
        if (!(x > 0))
        {
            return x == 0 ? double.NegativeInfinity : double.NaN;
        }

        if (double.IsPositiveInfinity(x))
        {
            return x;
        }

        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = 0;
        if (bits < 0x0010_0000_0000_0000L)
        {
            bits = BitConverter.DoubleToInt64Bits(x * 18014398509481984.0); // 2^54: a subnormal number becomes normal
            exponent = -54;
        }

        exponent += (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFFL) | 0x3FF0_0000_0000_0000L);
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }

        // log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.1716: the odd series converges to the last bit by s^21.
        var s = (mantissa - 1) / (mantissa + 1);
        var z = s * s;
        var series = z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13 + z * (1.0 / 15
            + z * (1.0 / 17 + z * (1.0 / 19 + z * (1.0 / 21))))))))));
        return exponent * Ln2High + (2 * s + (2 * s * series + exponent * Ln2Low));
    }

    /// <summary>e to the power <paramref name="x"/>; 0 below -745, positive infinity above 709.78.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        if (x > 709.782712893384)
        {
            return double.PositiveInfinity;
        }

        if (x < -745.2)
        {
            return 0;
        }

        var k = (int)Math.Round(x * InverseLn2);
        var r = (x - k * Ln2High) - k * Ln2Low;

        // Taylor series on |r| <= 0.347: 14 terms reach the last bit.
        double term = 1;
        double sum = 1;
        for (var i = 1; i <= 14; i++)
        {
            term *= r / i;
            sum += term;
        }

        return Scale(sum, k);
    }

    /// <summary><paramref name="x"/> to the power <paramref name="y"/>, for positive <paramref name="x"/>; 0^y is 0 for positive y.</summary>
    public static double Pow(double x, double y) => y == 0 ? 1 : x == 0 ? 0 : Exp(y * Log(x));

    /// <summary>Sine of <paramref name="turns"/> full turns (1 = 360 degrees): the form that periodic rates need.</summary>
    public static double SinTurns(double turns)
    {
        var x = turns - Math.Floor(turns);
        // Fold to the first quarter, where the series converges fast.
        var sign = 1.0;
        if (x >= 0.5)
        {
            x -= 0.5;
            sign = -1;
        }

        if (x > 0.25)
        {
            x = 0.5 - x;
        }

        var a = x * (2 * Math.PI);
        var z = a * a;
        double term = a;
        double sum = a;
        for (var i = 1; i <= 11; i++)
        {
            term *= -z / ((2 * i) * (2 * i + 1));
            sum += term;
        }

        return sign * sum;
    }

    /// <summary>
    /// Quantile of the standard normal distribution (P. Acklam's rational approximation, relative error 1.2e-9), for
    /// <paramref name="p"/> in (0, 1).
    /// </summary>
    public static double NormalQuantile(double p)
    {
        if (!(p is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability strictly between 0 and 1.");
        }

        const double low = 0.02425;
        if (p < low)
        {
            return Tail(Math.Sqrt(-2 * Log(p)));
        }

        if (p > 1 - low)
        {
            return -Tail(Math.Sqrt(-2 * Log(1 - p)));
        }

        var q = p - 0.5;
        var r = q * q;
        return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r + 1.383577518672690e+02) * r
                - 3.066479806614716e+01) * r + 2.506628277459239e+00) * q
            / (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r + 6.680131188771972e+01) * r
                - 1.328068155288572e+01) * r + 1);
    }

    private static double Tail(double q) =>
        (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q - 2.549732539343734e+00) * q
            + 4.374664141464968e+00) * q + 2.938163982698783e+00)
        / ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q + 3.754408661907416e+00) * q + 1);

    private static double Scale(double value, int powerOfTwo)
    {
        // Two factors, because 2^powerOfTwo itself may leave the range of normal numbers.
        var half = powerOfTwo / 2;
        return value * PowerOfTwo(half) * PowerOfTwo(powerOfTwo - half);
    }

    private static double PowerOfTwo(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);
}
