using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Prices;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Twin.Deployments;

/// <summary>What a GPU costs for an hour.</summary>
internal static class GpuPrice
{
    private static readonly Field<string>[] FromList = [ModelFields.Purchase, ModelFields.Provider, ModelFields.Region];

    /// <summary>
    /// The price that is written, else that of the price list where the scenario says how, of whom or where GPUs are bought, else the
    /// middle of what the catalogue knows of the GPU; null when there is none. US dollars, with its source.
    /// </summary>
    public static Figure? Resolve(Bound hardware, DeploymentTarget? target, PriceList prices, BindContext context, List<DerivedValue> derived)
    {
        var listed = FromList.FirstOrDefault(hardware.IsSet);
        if (listed is not null && FromList.All(hardware.IsGood))
        {
            return Listed(hardware, listed, target, prices, context, derived);
        }

        if (hardware.IsGood(ModelFields.PricePerGpuHour) && hardware.Get(ModelFields.PricePerGpuHour) is { } written)
        {
            return new Figure(written, "as written");
        }

        if ((target?.Gpu.PriceLow ?? target?.Gpu.PriceHigh) is not { } low)
        {
            return null;
        }

        var high = target!.Gpu.PriceHigh ?? low;
        var price = (low.Value + high.Value) / 2;
        var source = low.Value == high.Value
            ? $"{target.Gpu.Name} ({low.Source})"
            : $"middle of {Dollars(low.Value)} and {Dollars(high.Value)}, {target.Gpu.Name} ({Sources(low, high)})";
        derived.Add(new(hardware.PathOf(ModelFields.PricePerGpuHour), Dollars(price), source));
        return new Figure(price, source);
    }

    // One entry has to fit: of several nobody knows which is meant.
    private static Figure? Listed(Bound hardware, Field<string> named, DeploymentTarget? target, PriceList prices, BindContext context, List<DerivedValue> derived)
    {
        if (hardware.IsSet(ModelFields.PricePerGpuHour))
        {
            context.Add(hardware.PlaceOf(named), hardware.PathOf(named), "asks for a price of the list, and price_per_gpu_hour says another", "remove one of the two");
            return null;
        }

        if (target is null)
        {
            context.Add(hardware.PlaceOf(named), hardware.PathOf(named), "is a matter of a GPU, and none is named", "add model: and gpu:, or write price_per_gpu_hour");
            return null;
        }

        string? Of(Field<string> field) => hardware.IsSet(field) ? hardware.Get(field) : null;
        var (purchase, provider, region) = (Of(ModelFields.Purchase) ?? "on_demand", Of(ModelFields.Provider), Of(ModelFields.Region));
        var gpu = target.Gpu.Name;
        var fitting = prices.Find(gpu, purchase, provider, region);
        if (fitting.Count == 1)
        {
            var entry = fitting[0];
            var source = $"{entry.Place}, {entry.Purchase}, {entry.Date}: {entry.Source}";
            derived.Add(new(hardware.PathOf(ModelFields.PricePerGpuHour), Dollars(entry.Price), source));
            return new Figure(entry.Price, source);
        }

        var asked = $"{purchase} price of {gpu}{(region is null ? "" : " in " + region)}{(provider is null ? "" : " of " + provider)}";
        if (fitting.Count > 1)
        {
            context.Add(hardware.PlaceOf(named), hardware.PathOf(named), $"fits {fitting.Count} prices: {Told(fitting, purchase: false)}", region is null ? "name hardware.region, or hardware.provider of one that has no regions" : "name hardware.provider");
        }
        else
        {
            var others = prices.Find(gpu, null, provider, region) is { Count: > 0 } here ? here : prices.Find(gpu, purchase, null, null) is { Count: > 0 } elsewhere ? elsewhere : prices.Find(gpu, null, null, null);
            context.Add(hardware.PlaceOf(named), hardware.PathOf(named), $"no {asked} is known", others.Count > 0 ? $"known: {Told(others, purchase: true)}; or put your own under prices: of a catalogue file" : $"put your own under prices: of a catalogue file; no price of {gpu} is in the list");
        }

        return null;
    }

    private static string Told(IReadOnlyList<PriceEntry> entries, bool purchase)
    {
        const int Most = 6;
        return string.Join(", ", entries.Take(Most).Select(e => $"{e.Place}{(purchase ? " " + e.Purchase : "")} {Dollars(e.Price)}")) + (entries.Count > Most ? string.Create(CultureInfo.InvariantCulture, $" and {entries.Count - Most} more ('foretoken prices')") : "");
    }

    private static string Sources(Figure low, Figure high) => low.Source == high.Source ? low.Source : $"{low.Source}; {high.Source}";

    private static string Dollars(double value) => value.ToString("$0.00##", CultureInfo.InvariantCulture);
}
