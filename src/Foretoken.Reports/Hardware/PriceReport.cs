using System.Globalization;
using Foretoken.Hardware.Prices;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Hardware;

/// <summary><c>foretoken prices</c> for people.</summary>
public static class PriceReport
{
    /// <summary>A table of prices, one line each.</summary>
    public static string List(IReadOnlyList<PriceEntry> prices, int width, bool colour)
    {
        var table = new TextTable([new("gpu", 0), new("provider", 0, Left: true), new("region", 0, Left: true), new("purchase", 0, Left: true), new("$/h", 0), new("date", 1)]);
        foreach (var price in prices.OrderBy(p => p.Gpu, StringComparer.Ordinal).ThenBy(p => p.Price))
        {
            table.Add(Ink.Clean(price.Gpu), Ink.Clean(price.Provider), price.Region.Length == 0 ? "all" : Ink.Clean(price.Region), price.Purchase, price.Price.ToString("0.00", CultureInfo.InvariantCulture), price.Date);
        }

        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        table.Render(to, width, new Ink(colour));
        to.WriteLine();
        Paragraph.Write(to, $"{prices.Count} prices per GPU and hour, US dollars, on the day that stands there; sources: --json. A scenario takes one with hardware.purchase, provider and region; your own go under prices: of a catalogue file.", width);
        return to.ToString();
    }
}
