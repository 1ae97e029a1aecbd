using System.Globalization;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>Decimal numbers of some time unit, turned into nanoseconds without passing through binary fractions.</summary>
internal static class ExactTime
{
    /// <summary>
    /// Nanoseconds of a decimal number (digits, an optional fraction and exponent, no sign) counted in
    /// <paramref name="unitNanoseconds"/>; parts of a nanosecond are rounded to the nearest, halves to even.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> number, long unitNanoseconds, out long nanoseconds)
    {
        nanoseconds = 0;
        if (number.Length is > 0 and <= 15)
        {
            long whole = 0;
            foreach (var c in number)
            {
                var digit = c - '0';
                if ((uint)digit > 9)
                {
                    whole = -1;
                    break;
                }

                whole = whole * 10 + digit;
            }

            if (whole >= 0 && whole <= long.MaxValue / unitNanoseconds)
            {
                nanoseconds = whole * unitNanoseconds;
                return true;
            }
        }

        return TryParseSlow(number, unitNanoseconds, out nanoseconds);
    }

    private static bool TryParseSlow(ReadOnlySpan<byte> number, long unitNanoseconds, out long nanoseconds)
    {
        nanoseconds = 0;
        if (number.Length is 0 or > 60)
        {
            return false;
        }

        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!decimal.TryParse(number, style, CultureInfo.InvariantCulture, out var value)
            || value < 0 || value > (decimal)long.MaxValue / unitNanoseconds)
        {
            return false;
        }

        var rounded = Math.Round(value * unitNanoseconds, MidpointRounding.ToEven);
        if (rounded > long.MaxValue)
        {
            return false;
        }

        nanoseconds = (long)rounded;
        return true;
    }
}
