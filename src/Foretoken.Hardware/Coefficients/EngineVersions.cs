using System.Globalization;

namespace Foretoken.Hardware.Coefficients;

/// <summary>Order of engine versions as their users write them: <c>0.12.0</c>, <c>0.5.1.post1</c>, <c>1.0.0rc3</c>, <c>nightly-…</c>.</summary>
public static class EngineVersions
{
    /// <summary>Negative when <paramref name="a"/> is older than <paramref name="b"/>. Names that do not begin with a number are newer than all that do.</summary>
    public static int Compare(string a, string b)
    {
        var (x, y) = (Parts(a), Parts(b));
        for (var i = 0; i < Math.Max(x.Count, y.Count); i++)
        {
            var order = (i < x.Count ? x[i] : 0).CompareTo(i < y.Count ? y[i] : 0);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    // 1.0.0rc3 comes before 1.0.0, 0.5.1.post1 after 0.5.1.
    private static List<double> Parts(string version)
    {
        var parts = new List<double>();
        if (version.Length == 0 || !char.IsAsciiDigit(version[0]))
        {
            return [double.MaxValue];
        }

        foreach (var piece in version.Split('.', '-', '+'))
        {
            var digits = 0;
            while (digits < piece.Length && char.IsAsciiDigit(piece[digits]))
            {
                digits++;
            }

            if (digits > 0)
            {
                var number = double.Parse(piece.AsSpan(0, digits), CultureInfo.InvariantCulture);
                parts.Add(piece.AsSpan(digits).StartsWith("rc") ? number - 0.5 : number);
            }
        }

        return parts;
    }
}
