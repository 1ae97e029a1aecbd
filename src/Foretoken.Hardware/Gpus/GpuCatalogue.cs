namespace Foretoken.Hardware.Gpus;

/// <summary>The accelerators that are known: the built-in ones and a user's.</summary>
public sealed class GpuCatalogue
{
    private readonly Dictionary<string, Gpu> _byName = [];

    /// <summary>A catalogue of these; a later one takes the names of an earlier one.</summary>
    public GpuCatalogue(IEnumerable<Gpu> gpus)
    {
        var all = new List<Gpu>();
        foreach (var gpu in gpus)
        {
            var at = all.FindIndex(g => g.Name == gpu.Name);
            if (at >= 0)
            {
                all[at] = gpu;
            }
            else
            {
                all.Add(gpu);
            }
        }

        All = all;
        foreach (var gpu in all)
        {
            foreach (var name in gpu.Also)
            {
                _byName[Catalogue.Key(name)] = gpu;
            }
        }

        // A name of its own goes before another's second name.
        foreach (var gpu in all)
        {
            _byName[Catalogue.Key(gpu.Name)] = gpu;
        }
    }

    /// <summary>The built-in catalogue.</summary>
    public static GpuCatalogue BuiltIn { get; } = new(Read());

    /// <summary>Every accelerator, in the catalogue's order.</summary>
    public IReadOnlyList<Gpu> All { get; }

    /// <summary>Every name that is understood.</summary>
    public IEnumerable<string> Names => All.SelectMany(g => g.Also.Prepend(g.Name));

    /// <summary>An accelerator by any of its names, whatever the case, with - and _ alike; null when there is none.</summary>
    public Gpu? Find(string name) => _byName.GetValueOrDefault(Catalogue.Key(name));

    private static IEnumerable<Gpu> Read()
    {
        using var document = Catalogue.Embedded("gpus.json");
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var figures = entry.GetProperty("figures");
            Figure? Of(string key) => figures.TryGetProperty(key, out var pair) ? new Figure(pair[0].GetDouble(), pair[1].GetString()!) : null;
            yield return new Gpu
            {
                Name = entry.GetProperty("name").GetString()!,
                Title = entry.GetProperty("title").GetString()!,
                Vendor = entry.GetProperty("vendor").GetString()!,
                Also = [.. entry.GetProperty("also").EnumerateArray().Select(a => a.GetString()!)],
                Note = entry.GetProperty("note").GetString()!,
                MemoryGib = Of("memory_gib")!,
                UsableMib = Of("usable_mib"),
                BandwidthGbs = Of("bandwidth_gbs")!,
                Bf16Tflops = Of("bf16_tflops")!,
                Fp8Tflops = Of("fp8_tflops"),
                Fp4Tflops = Of("fp4_tflops"),
                Int8Tops = Of("int8_tops"),
                ScaleUpGbs = Of("scaleup_gbs"),
                PcieGbs = Of("pcie_gbs"),
                NicGbs = Of("nic_gbs"),
                Domain = Of("domain"),
                PowerW = Of("power_w"),
                Sms = Of("sms"),
                PriceLow = Of("price_low"),
                PriceHigh = Of("price_high"),
            };
        }
    }
}
