using System.Globalization;

namespace Foretoken.Reports.Terminal;

/// <summary>Numbers as people read them: thousands separated, about four digits that mean something, plain ASCII.</summary>
internal static class Human
{
    /// <summary>Decimals that leave three or four significant digits.</summary>
    public static int Decimals(double magnitude) => Math.Abs(magnitude) switch
    {
        >= 1000 => 0,
        >= 100 => 1,
        >= 1 => 2,
        _ => 3,
    };

    /// <summary>With fixed decimals; a dash for "no value".</summary>
    public static string Number(double value, int decimals) =>
        double.IsFinite(value) ? value.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : "-";

    /// <summary>With as many decimals as its size calls for; whole numbers without.</summary>
    public static string Number(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15 ? Number(value, 0) : Number(value, Decimals(value));

    /// <summary>A share as a percentage.</summary>
    public static string Percent(double share) => Number(share * 100, share is > 0 and < 0.1 ? 2 : 1) + " %";

    /// <summary>A duration in one or two units.</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 1e-3 => Number(seconds * 1e6, 1) + " us",
        < 1 => Number(seconds * 1e3, 1) + " ms",
        < 60 => Number(seconds, 1) + " s",
        < 3600 => TwoUnits(Math.Round(seconds), 60, "min", "s"),
        < 172_800 => TwoUnits(Math.Round(seconds / 60), 60, "h", "min"),
        _ => TwoUnits(Math.Round(seconds / 3600), 24, "d", "h"),
    };

    /// <summary>A rate in three digits with k, M or G.</summary>
    public static string Rate(double value) => value switch
    {
        >= 1e9 => Three(value / 1e9) + "G",
        >= 1e6 => Three(value / 1e6) + "M",
        >= 1e3 => Three(value / 1e3) + "k",
        _ => Three(value),
    };

    private static string Three(double value) => Number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);

    private static string TwoUnits(double whole, int factor, string big, string small)
    {
        var rest = whole % factor;
        var first = Number((whole - rest) / factor, 0) + " " + big;
        return rest == 0 ? first : first + " " + Number(rest, 0) + " " + small;
    }
}
