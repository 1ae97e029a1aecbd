using Foretoken.Engines.Tiers;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>KV outside the GPU for engines that know it in blocks: their own offloading, or a hierarchy like KVBM's.</summary>
internal sealed class KvbmResolver(Bound root, Bound engine, DeploymentTarget? target, MemoryPlan? memory, BindContext context, List<DerivedValue> derived)
{
    private readonly KvTierResolver _tiers = new(root, engine, target, memory, context, derived);

    /// <summary>The hierarchy that is asked for; null for none, or when something is wrong.</summary>
    /// <param name="own">The engine's own flag for host memory; null when it is not used.</param>
    /// <param name="ownBytes">What the flag gives a replica, in bytes; null when it is not set.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    /// <param name="prefixCaching">Whether blocks are known by content at all.</param>
    /// <param name="caching">The flag that says so.</param>
    public KvHierarchy? Resolve(Field own, double? ownBytes, int blockSize, bool prefixCaching, Field caching)
    {
        var kvbm = engine.IsSet(KvbmFields.Kvbm) ? engine.Get(KvbmFields.Kvbm) : null;
        if (kvbm is null && ownBytes is null)
        {
            _tiers.CheckUnused($"{own.Name} or kvbm");
            return null;
        }

        if (kvbm is not null && ownBytes is not null)
        {
            context.Add(engine.PlaceOf(own), engine.PathOf(own), "contradicts kvbm", $"an engine has one KV connector (kvbm at {engine.PlaceOf(KvbmFields.Kvbm)}); keep one");
            return null;
        }

        var field = kvbm is null ? own : KvbmFields.Kvbm;
        if (!prefixCaching)
        {
            context.Add(engine.PlaceOf(field), engine.PathOf(field), $"keeps KV by its content, and {caching.Name} is off", $"turn {caching.Name} on, or leave it out");
            return null;
        }

        if (_tiers.BytesPerToken(field) is not { } bytes)
        {
            return null;
        }

        return kvbm is null ? Own(field, ownBytes!.Value, bytes, blockSize) : Hierarchy(kvbm, bytes, blockSize);
    }

    private KvHierarchy? Own(Field field, double replicaBytes, long bytes, int blockSize)
    {
        var blocks = _tiers.Tokens(replicaBytes, bytes) / blockSize;
        if (blocks == 0)
        {
            context.Add(engine.PlaceOf(field), engine.PathOf(field), "has no room for a single block", $"a block takes {bytes * blockSize * _tiers.Gpus} bytes over all GPUs");
            return null;
        }

        _tiers.CheckHostMemory((long)blocks * blockSize, bytes, field);
        derived.Add(new("host KV blocks", blocks.ToString(System.Globalization.CultureInfo.InvariantCulture), $"floor({field.Name} / GPUs / bytes of a block on a GPU) = {engine.Show(field)} / {bytes * blockSize}"));
        return new KvHierarchy
        {
            HostBlocks = blocks,
            BlockBytes = bytes * blockSize,
            ToHost = _tiers.ToHost(),
            FromHost = _tiers.FromHost(),
            OneByOne = true,
        };
    }

    private KvHierarchy? Hierarchy(Bound kvbm, long bytes, int blockSize)
    {
        if (!kvbm.Fields.All(kvbm.IsGood))
        {
            return null;
        }

        var hostless = kvbm.Get(KvbmFields.G2Blocks) == 0;
        if (hostless && (kvbm.Get(KvbmFields.G3Blocks) > 0 || kvbm.Get(KvbmFields.G4)))
        {
            Complain(kvbm, KvbmFields.G2Blocks, "is 0: nothing can reach what lies behind the host", "give the host blocks, or leave out num_g3_blocks and enable_g4_storage");
        }

        foreach (var g4 in new Field[] { KvbmFields.G4Blocks, KvbmFields.G4Scope, KvbmFields.G2ToG4, KvbmFields.G4ToG2 })
        {
            if (kvbm.IsSet(g4) && !kvbm.Get(KvbmFields.G4))
            {
                Complain(kvbm, g4, "says nothing without enable_g4_storage: true", "set it, or leave it out");
            }
        }

        foreach (var g3 in new Field[] { KvbmFields.G2ToG3, KvbmFields.G3ToG2 })
        {
            if (kvbm.IsSet(g3) && kvbm.Get(KvbmFields.G3Blocks) is null)
            {
                Complain(kvbm, g3, "says nothing without num_g3_blocks", "set it, or leave it out");
            }
        }

        _tiers.CheckHostMemory((long)kvbm.Get(KvbmFields.G2Blocks) * blockSize, bytes, KvbmFields.Kvbm);
        return new KvHierarchy
        {
            HostBlocks = kvbm.Get(KvbmFields.G2Blocks),
            BlockBytes = bytes * blockSize,
            ToHost = Link(kvbm.Get(KvbmFields.G1ToG2)),
            FromHost = Link(kvbm.Get(KvbmFields.G2ToG1)),
            Disk = kvbm.Get(KvbmFields.G3Blocks) is { } disk ? new KvHierarchyLevel(disk, Link(kvbm.Get(KvbmFields.G2ToG3)), Link(kvbm.Get(KvbmFields.G3ToG2))) : null,
            Remote = kvbm.Get(KvbmFields.G4) ? new KvHierarchyLevel(kvbm.Get(KvbmFields.G4Blocks), Link(kvbm.Get(KvbmFields.G2ToG4)), Link(kvbm.Get(KvbmFields.G4ToG2))) : null,
            RemoteIsShared = kvbm.Get(KvbmFields.G4) && kvbm.Get(KvbmFields.G4Scope) == "shared",
            OffloadBatch = kvbm.Get(KvbmFields.OffloadBatchSize),
        };
    }

    // A GPU's share of what its rank has.
    private TierLink Link(double gigabytes) => gigabytes == 0 ? TierLink.Instant : new TierLink((long)Math.Max(1, gigabytes * 1e9 / _tiers.Gpus), SimDuration.Zero);

    private void Complain(Bound section, Field field, string message, string fix) => context.Add(section.PlaceOf(field), section.PathOf(field), message, fix);
}
