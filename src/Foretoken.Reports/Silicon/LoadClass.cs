using Foretoken.Accuracy.Silicon;

namespace Foretoken.Reports.Silicon;

/// <summary>Classes of concurrency for tables.</summary>
internal static class LoadClass
{
    public static string Of(SiliconRow row) => row.Concurrency switch
    {
        <= 8 => "1 to 8 in flight",
        <= 32 => "9 to 32 in flight",
        <= 128 => "33 to 128 in flight",
        _ => "over 128 in flight",
    };

    public static int Rank(string name) => name[0] == 'o' ? int.MaxValue : int.Parse(name[..name.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
}
