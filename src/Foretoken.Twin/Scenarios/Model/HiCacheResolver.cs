using Foretoken.Engines.SgLang;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>SGLang's hierarchical cache, with what SGLang itself checks at its start.</summary>
internal sealed class HiCacheResolver(Bound root, Bound engine, DeploymentTarget? target, MemoryPlan? memory, BindContext context, List<DerivedValue> derived)
{
    private readonly KvTierResolver _tiers = new(root, engine, target, memory, context, derived);

    /// <summary>The validated cache; null when there is none or something is wrong.</summary>
    /// <param name="gpuTokens">Tokens of a rank's pool.</param>
    /// <param name="pageSize">Tokens of a page.</param>
    public SgLangHiCache? Resolve(int gpuTokens, int pageSize)
    {
        var stores = engine.Get(HiCacheFields.StorageBackend) != "none";
        if (!engine.Get(HiCacheFields.Enable))
        {
            Refuse(HiCacheFields.OfTheHost, "enable_hierarchical_cache: true");
            _tiers.CheckUnused("enable_hierarchical_cache: true");
        }

        if (!stores)
        {
            Refuse(HiCacheFields.OfTheStorage, "hicache_storage_backend");
        }

        if (!engine.Get(HiCacheFields.Enable) || _tiers.BytesPerToken(HiCacheFields.Enable) is not { } bytes)
        {
            return null;
        }

        double? size = engine.Get(HiCacheFields.Size) is > 0 and var gigabytes ? gigabytes : null;
        var tokens = size is null
            ? (int)Math.Min(int.MaxValue, Math.Floor(gpuTokens * engine.Get(HiCacheFields.Ratio)))
            : bytes == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, Math.Floor(size.Value * 1e9 / bytes));
        tokens = tokens / pageSize * pageSize;
        var field = size is null ? (Field)HiCacheFields.Ratio : HiCacheFields.Size;
        if (tokens <= gpuTokens)
        {
            context.Add(engine.PlaceOf(field), engine.PathOf(field), $"gives a host pool of {tokens} tokens, not larger than the GPU's pool of {gpuTokens}", "SGLang refuses to start like this: raise it");
            return null;
        }

        _tiers.CheckHostMemory(tokens, bytes, field);
        derived.Add(new("host KV tokens", tokens.ToString(System.Globalization.CultureInfo.InvariantCulture),
            size is null ? $"whole pages of hicache_ratio x the GPU's pool = {engine.Show(HiCacheFields.Ratio)} x {gpuTokens}" : $"whole pages of hicache_size / KV bytes of a token on a GPU = {engine.Show(HiCacheFields.Size)} GB / {bytes}"));
        return new SgLangHiCache
        {
            HostTokens = tokens,
            BytesPerToken = bytes,
            Layers = _tiers.Layers,
            WritePolicy = engine.Get(HiCacheFields.WritePolicy) switch
            {
                "write_back" => SgLangWritePolicy.WriteBack,
                "write_through_selective" => SgLangWritePolicy.WriteThroughSelective,
                _ => SgLangWritePolicy.WriteThrough,
            },
            ToHost = _tiers.ToHost(),
            FromHost = _tiers.FromHost(),
            Storage = stores ? Storage(bytes) : null,
        };
    }

    private SgLangHiCacheStorage Storage(long bytes) => new()
    {
        CapacityTokens = _tiers.StorageTokens(bytes),
        Read = _tiers.FromStorage(),
        Write = _tiers.ToStorage(),
        PrefetchPolicy = engine.Get(HiCacheFields.PrefetchPolicy) switch
        {
            "wait_complete" => SgLangPrefetchPolicy.WaitComplete,
            "timeout" => SgLangPrefetchPolicy.Timeout,
            _ => SgLangPrefetchPolicy.BestEffort,
        },
        PrefetchThreshold = engine.Get(HiCacheFields.PrefetchThreshold) ?? 256,
        TimeoutBase = engine.Get(HiCacheFields.PrefetchTimeoutBase) ?? SimDuration.FromSeconds(2),
        TimeoutPerKiToken = engine.Get(HiCacheFields.PrefetchTimeoutPerKiToken) ?? SimDuration.FromMilliseconds(100),
    };

    private void Refuse(IReadOnlyList<Field> fields, string without)
    {
        foreach (var field in fields)
        {
            if (engine.IsSet(field))
            {
                context.Add(engine.PlaceOf(field), engine.PathOf(field), $"says nothing without {without}", $"set {without}, or leave it out");
            }
        }
    }
}
