namespace Foretoken.Hardware.Prices;

/// <summary>Prices per GPU hour by seller, region and way of buying: the shipped ones and a user's.</summary>
public sealed class PriceList
{
    /// <summary>Ways of buying.</summary>
    public static readonly IReadOnlyList<string> Purchases = ["on_demand", "spot", "reserved"];

    /// <summary>A list of these; a later one takes the place of an earlier one of the same seller, GPU, region and way of buying.</summary>
    public PriceList(IEnumerable<PriceEntry> entries)
    {
        var all = new List<PriceEntry>();
        var places = new Dictionary<(string, string, string, string), int>();
        foreach (var entry in entries)
        {
            if (places.TryGetValue(entry.Offer, out var at))
            {
                all[at] = entry;
            }
            else
            {
                places.Add(entry.Offer, all.Count);
                all.Add(entry);
            }
        }

        All = all;
    }

    /// <summary>The shipped list. Every entry carries its source and day; prices change.</summary>
    public static PriceList BuiltIn { get; } = new(Read());

    /// <summary>Every entry, in order.</summary>
    public IReadOnlyList<PriceEntry> All { get; }

    /// <summary>The entries that fit.</summary>
    /// <param name="gpu">Name of the GPU in the catalogue.</param>
    /// <param name="purchase">The way of buying; null for any.</param>
    /// <param name="provider">The seller; null for any.</param>
    /// <param name="region">The region; null for any. A price for all regions fits a region only where its seller is named.</param>
    public IReadOnlyList<PriceEntry> Find(string gpu, string? purchase, string? provider, string? region) =>
    [
        .. All.Where(e => e.Gpu == gpu
            && (purchase is null || e.Purchase == purchase)
            && (provider is null || Catalogue.Key(e.Provider) == Catalogue.Key(provider))
            && (region is null || Catalogue.Key(e.Region) == Catalogue.Key(region) || (e.Region.Length == 0 && provider is not null))),
    ];

    private static IEnumerable<PriceEntry> Read()
    {
        using var document = Catalogue.Embedded("prices.json");
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            string Text(string key) => entry.GetProperty(key).GetString()!;
            yield return new PriceEntry(Text("provider"), Text("gpu"), Text("region"), Text("purchase"), entry.GetProperty("price").GetDouble(), Text("date"), Text("source"));
        }
    }
}
