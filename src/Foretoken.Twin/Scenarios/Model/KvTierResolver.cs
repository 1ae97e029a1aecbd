using System.Globalization;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>What lies between a GPU and KV outside it: the same for every engine. All per rank and GPU.</summary>
internal sealed class KvTierResolver(Bound root, Bound engine, DeploymentTarget? target, MemoryPlan? memory, BindContext context, List<DerivedValue> derived)
{
    private const double DefaultHost = 50e9;
    private const double ShareOfPcie = 0.78;

    private Bound? Tiers => engine.IsSet(EngineFields.KvTiers) ? engine.Get(EngineFields.KvTiers) : null;

    /// <summary>GPUs of a rank: each copies its own part of the KV.</summary>
    public int Gpus => target is null ? 1 : Math.Max(1, target.Layout.Gpus / target.Layout.AttentionDataParallel);

    /// <summary>Layers of the model; 1 when it is not known.</summary>
    public int Layers => Math.Max(1, target?.Shape.Layers.Count ?? 1);

    /// <summary>Notes that the section says nothing because no tier is turned on.</summary>
    public void CheckUnused(string flag)
    {
        if (Tiers is not null)
        {
            context.Add(engine.PlaceOf(EngineFields.KvTiers), engine.PathOf(EngineFields.KvTiers), "describes tiers that the engine does not use", $"set {flag}, or leave it out");
        }
    }

    /// <summary>KV bytes of a token on one GPU; null, with a problem at <paramref name="needs"/>, when nothing says it.</summary>
    public long? BytesPerToken(Field needs)
    {
        if (memory is not null)
        {
            var bytes = (long)Math.Ceiling(memory.Pool.BytesPerBlock * (double)memory.Pool.Groups / memory.Pool.BlockSize);
            derived.Add(new("KV bytes of a token on a GPU", Text(bytes), $"bytes of a block{(memory.Pool.Groups > 1 ? " x groups" : "")} / tokens of a block = {memory.Pool.BytesPerBlock}{(memory.Pool.Groups > 1 ? $" x {memory.Pool.Groups}" : "")} / {memory.Pool.BlockSize}"));
            return bytes;
        }

        if (root.Get(ScenarioFields.Model)!.Get(ModelFields.KvBytesPerToken) is { } written)
        {
            return written;
        }

        context.Add(engine.PlaceOf(needs), engine.PathOf(needs), "needs the size of a token's KV cache to know how long copies take", "add model: {kv_bytes_per_token: ...}, or name a model and a GPU");
        return null;
    }

    /// <summary>GPU to host.</summary>
    public TierLink ToHost() => Link(Tiers?.Get(KvTierFields.HostWrite) ?? Tiers?.Get(KvTierFields.HostRead) ?? HostDefault(), HostLatency());

    /// <summary>Host to GPU.</summary>
    public TierLink FromHost() => Link(Derive("kv_tiers.host_read", Tiers?.Get(KvTierFields.HostRead), HostDefault()), HostLatency());

    /// <summary>Host to the tier behind it: what a replica has, a GPU's share of it.</summary>
    public TierLink ToStorage() => Link((Tiers?.Get(KvTierFields.StorageWrite) ?? Device().Write) / Ranks, StorageLatency());

    /// <summary>The tier behind the host to the host.</summary>
    public TierLink FromStorage() => Link((Tiers?.Get(KvTierFields.StorageRead) ?? Device().Read) / Ranks, StorageLatency());

    /// <summary>Tokens that fit into so many bytes of a replica.</summary>
    public int Tokens(double replicaBytes, long bytesPerToken) =>
        bytesPerToken == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, Math.Floor(replicaBytes / Ranks / bytesPerToken));

    /// <summary>Tokens of the tier behind the host; null for no limit.</summary>
    public int? StorageTokens(long bytesPerToken) => Tiers?.Get(KvTierFields.StorageCapacity) is { } bytes ? Tokens(bytes, bytesPerToken) : null;

    /// <summary>Checks that the host has room for a tier of so many tokens per rank.</summary>
    public void CheckHostMemory(long tokens, long bytesPerToken, Field field)
    {
        var bytes = (Int128)tokens * bytesPerToken * Ranks;
        if (Tiers?.Get(KvTierFields.HostMemory) is { } most && bytes > most)
        {
            context.Add(engine.PlaceOf(field), engine.PathOf(field), string.Create(CultureInfo.InvariantCulture, $"asks for {(double)bytes / (1L << 30):F1} GiB of host memory over all GPUs of a replica"),
                $"kv_tiers.host_memory allows {UnitTable.Bytes.Show(most)}");
        }
    }

    // All GPUs of a replica.
    private int Ranks => target?.Layout.Gpus ?? 1;

    private double HostDefault() => target?.Gpu.PcieGbs is { } pcie ? pcie.Value * 1e9 * ShareOfPcie : DefaultHost;

    private SimDuration HostLatency() => Tiers?.Get(KvTierFields.HostLatency) ?? new SimDuration(1_000);

    private SimDuration StorageLatency() => Tiers?.Get(KvTierFields.StorageLatency) ?? Device().Latency;

    private (double Read, double Write, SimDuration Latency) Device() => (Tiers?.Get(KvTierFields.Storage) ?? "nvme") switch
    {
        "nvme-gen3" => (3.5e9, 3e9, new SimDuration(100_000)),
        "sata" => (0.55e9, 0.5e9, new SimDuration(150_000)),
        "object" => (1e9, 1e9, new SimDuration(30_000_000)),
        _ => (7e9, 5e9, new SimDuration(80_000)),
    };

    private double Derive(string name, double? written, double value)
    {
        if (written is null)
        {
            derived.Add(new($"{engine.Path}.{name}", UnitTable.Bandwidth.Show((decimal)value),
                target?.Gpu.PcieGbs is { } pcie ? $"default: 78% of the GPU's PCIe = 0.78 x {Text(pcie.Value)} GB/s" : "default: what copies of 2 MB and more reach on an H100"));
        }

        return written ?? value;
    }

    private static TierLink Link(double bytesPerSecond, SimDuration latency) => new((long)Math.Max(1, bytesPerSecond), latency);

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
