using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Prices;
using Xunit;

namespace Foretoken.Tests.Hardware;

public sealed class PriceListTests
{
    [Fact]
    public void BuiltIn_EveryEntry_HasAKnownGpuADayAndASource()
    {
        Assert.All(PriceList.BuiltIn.All, e =>
        {
            Assert.NotNull(GpuCatalogue.BuiltIn.All.SingleOrDefault(g => g.Name == e.Gpu));
            Assert.Contains(e.Purchase, PriceList.Purchases);
            Assert.True(DateOnly.TryParseExact(e.Date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _), e.Date);
            Assert.InRange(e.Price, 0.1, 20);
            Assert.NotEmpty(e.Source);
        });
        foreach (var place in PriceList.BuiltIn.All.GroupBy(e => (e.Provider, e.Gpu, e.Region)))
        {
            // Nobody sells what can be taken away for more than what cannot.
            var byWay = place.ToDictionary(e => e.Purchase, e => e.Price);
            Assert.True(!byWay.TryGetValue("on_demand", out var full) || byWay.Values.All(p => p <= full), place.Key.ToString());
        }
    }

    [Fact]
    public void Find_RegionOfASellerWithOnePrice_NeedsTheSeller()
    {
        var list = new PriceList(
        [
            new("far", "l4", "north-1", "spot", 1, "2026-01-01", "a"), new("flat", "l4", "", "spot", 2, "2026-01-01", "b"), new("Far", "l4", "North_1", "spot", 3, "2026-02-01", "c"),
        ]);
        Assert.Equal([3, 2], list.Find("l4", "spot", null, null).Select(e => e.Price));
        Assert.Equal([3], list.Find("l4", "spot", null, "north-1").Select(e => e.Price));
        Assert.Equal([2], list.Find("l4", "spot", "flat", "anywhere").Select(e => e.Price));
        Assert.Empty(list.Find("l4", "reserved", null, null));
    }
}
