using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>engine.kv_tiers</c> section: what lies between the GPU and the places where an engine keeps KV outside it.</summary>
public static class KvTierFields
{
    /// <summary>Where the classes of devices come from.</summary>
    public const string Devices = "inference-sim, kv_offload_devices (representative, not fitted)";

    public static readonly Field<double?> HostRead = Optional.Number("host_read",
        "Host to GPU, one GPU. Default: 78% of the GPU's PCIe (50 of 64 GB/s measured on an H100 with copies of 2 MB and more; vLLM blog, 2026-01-08), 50GB/s without a GPU.", UnitTable.Bandwidth, aboveMin: true);

    public static readonly Field<double?> HostWrite = Optional.Number("host_write", "GPU to host, one GPU. Default: as host_read.", UnitTable.Bandwidth, aboveMin: true);

    public static readonly Field<SimDuration?> HostLatency = Optional.Duration("host_latency", "Time until the first byte of a copy between GPU and host. Default: 1us (" + Devices + ").");

    public static readonly Field<long?> HostMemory = new(new OptionalType<long>(new BytesType()))
    {
        Name = "host_memory",
        Meaning = "Memory that the host has for a replica's KV. A larger host tier is refused; without it nothing is checked.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Storage = new(new ChoiceType(
        ("nvme", "a gen-4 NVMe: reads 7 GB/s, writes 5 GB/s, 80 us"),
        ("nvme-gen3", "reads 3.5 GB/s, writes 3 GB/s, 100 us"),
        ("sata", "reads 0.55 GB/s, writes 0.5 GB/s, 150 us"),
        ("object", "an object store: 1 GB/s, 30 ms")))
    {
        Name = "storage",
        Meaning = "What the tier behind the host is: a disk, or something over the network.",
        Default = "nvme",
        DefaultSource = Devices,
    };

    public static readonly Field<double?> StorageRead = Optional.Number("storage_read", "That tier to the host, a replica. Default: by storage.", UnitTable.Bandwidth, aboveMin: true);

    public static readonly Field<double?> StorageWrite = Optional.Number("storage_write", "Host to that tier, a replica. Default: by storage.", UnitTable.Bandwidth, aboveMin: true);

    public static readonly Field<SimDuration?> StorageLatency = Optional.Duration("storage_latency", "Time until the first byte of an access to it. Default: by storage.");

    public static readonly Field<long?> StorageCapacity = new(new OptionalType<long>(new BytesType()))
    {
        Name = "storage_capacity",
        Meaning = "What it holds for a replica. Default: no limit.",
        DefaultText = "not set",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How KV gets to and from memory outside the GPU, for engines that are told to keep it there.",
        Fields = [HostRead, HostWrite, HostLatency, HostMemory, Storage, StorageRead, StorageWrite, StorageLatency, StorageCapacity],
    };
}
