namespace Foretoken.Hardware.Prices;

/// <summary>What a GPU costs for an hour at one seller, in one region, bought in one way.</summary>
/// <param name="Provider">Who sells it: <c>aws</c>.</param>
/// <param name="Gpu">Name of the GPU in the catalogue.</param>
/// <param name="Region">The seller's name of the region; empty where one price holds in all of them.</param>
/// <param name="Purchase">The way of buying: one of <see cref="PriceList.Purchases"/>.</param>
/// <param name="Price">US dollars per GPU and hour.</param>
/// <param name="Date">Day of the price, <c>2026-08-06</c>.</param>
/// <param name="Source">Where it was read.</param>
public sealed record PriceEntry(string Provider, string Gpu, string Region, string Purchase, double Price, string Date, string Source)
{
    /// <summary>What it prices: entries with equal ones contradict each other.</summary>
    public (string Provider, string Gpu, string Region, string Purchase) Offer => (Catalogue.Key(Provider), Gpu, Catalogue.Key(Region), Purchase);

    /// <summary>Seller and region: <c>aws us-east-1</c>.</summary>
    public string Place => Region.Length == 0 ? Provider : $"{Provider} {Region}";
}
