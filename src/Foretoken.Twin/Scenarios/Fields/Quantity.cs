using System.Globalization;
using System.Text;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A number with a unit as text, taken apart: <c>1_500 ms</c> is 1500 and <c>ms</c>.</summary>
internal static class Quantity
{
    /// <summary>Splits the text; false when it does not begin with a number.</summary>
    public static bool TrySplit(string text, out decimal number, out string unit, out bool tooLarge)
    {
        number = 0;
        tooLarge = false;
        var digits = new StringBuilder(text.Length);
        var i = 0;
        text = text.Trim();
        if (i < text.Length && text[i] is '+' or '-')
        {
            digits.Append(text[i++]);
        }

        var sawDigit = false;
        for (; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) || text[i] == '.')
            {
                sawDigit |= text[i] != '.';
                digits.Append(text[i]);
            }
            else if (!(text[i] == '_' && i > 0 && char.IsAsciiDigit(text[i - 1]) && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])))
            {
                break;
            }
        }

        if (sawDigit && i + 1 < text.Length && text[i] is 'e' or 'E' && ExponentLength(text, i) is > 0 and var length)
        {
            digits.Append(text, i, length);
            i += length;
        }

        unit = text[i..].Trim();
        if (!sawDigit)
        {
            return false;
        }

        if (decimal.TryParse(digits.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number))
        {
            return true;
        }

        // A well-formed number that decimal cannot hold is out of any range that we have; anything else is not a number.
        tooLarge = double.TryParse(digits.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        return tooLarge;
    }

    private static int ExponentLength(string text, int at)
    {
        var i = at + 1;
        if (i < text.Length && text[i] is '+' or '-')
        {
            i++;
        }

        var firstDigit = i;
        while (i < text.Length && char.IsAsciiDigit(text[i]))
        {
            i++;
        }

        return i > firstDigit ? i - at : 0;
    }
}
