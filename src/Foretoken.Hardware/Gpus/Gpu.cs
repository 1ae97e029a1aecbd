namespace Foretoken.Hardware.Gpus;

/// <summary>An accelerator: every figure with its source, null where there is none. Dense peaks, never the sparse ones.</summary>
public sealed record Gpu
{
    /// <summary>Name in scenarios: <c>h100-sxm</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Name as people say it: <c>NVIDIA H100 SXM5</c>.</summary>
    public required string Title { get; init; }

    /// <summary>Whether this is one of its names, whatever the case, with - and _ alike.</summary>
    public bool IsCalled(string name) => Also.Prepend(Name).Any(n => Catalogue.Key(n) == Catalogue.Key(name));

    /// <summary>Who makes it.</summary>
    public required string Vendor { get; init; }

    /// <summary>Other names that it answers to.</summary>
    public IReadOnlyList<string> Also { get; init; } = [];

    /// <summary>What to know about the figures: conflicts, measurements. Empty for nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>Memory as sold. Vendors write GB and mean GiB of HBM, as what drivers report shows.</summary>
    public required Figure MemoryGib { get; init; }

    /// <summary>Memory that the driver reports, MiB: what an engine's memory fraction is taken of.</summary>
    public Figure? UsableMib { get; init; }

    /// <summary>Memory bandwidth, GB/s.</summary>
    public required Figure BandwidthGbs { get; init; }

    /// <summary>Peak of bf16, TFLOPS.</summary>
    public required Figure Bf16Tflops { get; init; }

    /// <summary>Peak of fp8, TFLOPS.</summary>
    public Figure? Fp8Tflops { get; init; }

    /// <summary>Peak of fp4, TFLOPS.</summary>
    public Figure? Fp4Tflops { get; init; }

    /// <summary>Peak of int8, TOPS.</summary>
    public Figure? Int8Tops { get; init; }

    /// <summary>Link to the other GPUs of the scale-up domain, GB/s one way, all links of a GPU together.</summary>
    public Figure? ScaleUpGbs { get; init; }

    /// <summary>PCIe to the host, GB/s one way.</summary>
    public Figure? PcieGbs { get; init; }

    /// <summary>Network interface per GPU as usually built, GB/s.</summary>
    public Figure? NicGbs { get; init; }

    /// <summary>GPUs in the scale-up domain.</summary>
    public Figure? Domain { get; init; }

    /// <summary>Board power, W.</summary>
    public Figure? PowerW { get; init; }

    /// <summary>Streaming multiprocessors or compute units.</summary>
    public Figure? Sms { get; init; }

    /// <summary>Low end of prices per GPU and hour, US dollars.</summary>
    public Figure? PriceLow { get; init; }

    /// <summary>High end of prices per GPU and hour, US dollars.</summary>
    public Figure? PriceHigh { get; init; }

    /// <summary>Memory of which an engine takes its fraction, bytes: what the driver reports, else the nominal size.</summary>
    public long MemoryBytes => UsableMib is { } usable ? (long)(usable.Value * (1 << 20)) : (long)(MemoryGib.Value * (1 << 30));

    /// <summary>Every figure with its name and unit, in the order of listings.</summary>
    public IEnumerable<(string Name, string Key, string Unit, Figure? Figure)> Figures =>
    [
        ("memory", "memory_gib", "GiB", MemoryGib),
        ("usable memory", "usable_mib", "MiB", UsableMib),
        ("memory bandwidth", "bandwidth_gbs", "GB/s", BandwidthGbs),
        ("bf16", "bf16_tflops", "TFLOPS", Bf16Tflops),
        ("fp8", "fp8_tflops", "TFLOPS", Fp8Tflops),
        ("fp4", "fp4_tflops", "TFLOPS", Fp4Tflops),
        ("int8", "int8_tops", "TOPS", Int8Tops),
        ("scale-up link", "scaleup_gbs", "GB/s", ScaleUpGbs),
        ("scale-up domain", "domain", "GPUs", Domain),
        ("PCIe", "pcie_gbs", "GB/s", PcieGbs),
        ("NIC per GPU", "nic_gbs", "GB/s", NicGbs),
        ("power", "power_w", "W", PowerW),
        ("SMs or CUs", "sms", "", Sms),
        ("price, low", "price_low", "$/h", PriceLow),
        ("price, high", "price_high", "$/h", PriceHigh),
    ];
}
