using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Twin.Deployments;

/// <summary>What a GPU costs for an hour.</summary>
internal static class GpuPrice
{
    /// <summary>The price that is written, else the middle of what the catalogue knows of the GPU; null when neither is there. US dollars.</summary>
    public static double? Resolve(Bound hardware, DeploymentTarget? target, List<DerivedValue> derived)
    {
        if (hardware.Get(ModelFields.PricePerGpuHour) is { } written)
        {
            return written;
        }

        if ((target?.Gpu.PriceLow ?? target?.Gpu.PriceHigh) is not { } low)
        {
            return null;
        }

        var high = target!.Gpu.PriceHigh ?? low;
        var price = (low.Value + high.Value) / 2;
        derived.Add(new(hardware.PathOf(ModelFields.PricePerGpuHour), Dollars(price), low.Value == high.Value
            ? $"{target.Gpu.Name} ({low.Source})"
            : $"middle of {Dollars(low.Value)} and {Dollars(high.Value)}, {target.Gpu.Name} ({Sources(low, high)})"));
        return price;
    }

    private static string Sources(Figure low, Figure high) => low.Source == high.Source ? low.Source : $"{low.Source}; {high.Source}";

    private static string Dollars(double value) => value.ToString("$0.00##", CultureInfo.InvariantCulture);
}
