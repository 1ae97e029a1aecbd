using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// SGLang's hierarchical cache (<c>enable_hierarchical_cache</c>): the radix tree goes on in host memory, and behind it in a
/// storage. All per rank and GPU. Names are SGLang's own flags (ServerArgs, HiRadixCache).
/// </summary>
public sealed record SgLangHiCache
{
    /// <summary>Tokens of the host pool (<c>hicache_ratio</c> times the GPU's pool, or what fits into <c>hicache_size</c>). Only whole pages are used.</summary>
    public required int HostTokens { get; init; }

    /// <summary>KV bytes of a token on one GPU.</summary>
    public required long BytesPerToken { get; init; }

    /// <summary>Layers of the model: copies to the GPU overlap with computing layer by layer.</summary>
    public int Layers { get; init; } = 1;

    /// <summary><c>hicache_write_policy</c>: when KV is copied to the host.</summary>
    public SgLangWritePolicy WritePolicy { get; init; } = SgLangWritePolicy.WriteThrough;

    /// <summary>GPU to host.</summary>
    public TierLink ToHost { get; init; } = TierLink.Instant;

    /// <summary>Host to GPU.</summary>
    public TierLink FromHost { get; init; } = TierLink.Instant;

    /// <summary>What lies behind the host; null for nothing (<c>hicache_storage_backend</c> not set).</summary>
    public SgLangHiCacheStorage? Storage { get; init; }
}

/// <summary>The storage behind the host (<c>hicache_storage_backend</c>).</summary>
public sealed record SgLangHiCacheStorage
{
    /// <summary>Tokens that it holds; null for no limit.</summary>
    public int? CapacityTokens { get; init; }

    /// <summary>Host to storage.</summary>
    public TierLink Write { get; init; } = TierLink.Instant;

    /// <summary>Storage to host.</summary>
    public TierLink Read { get; init; } = TierLink.Instant;

    /// <summary><c>hicache_storage_prefetch_policy</c>: when a waiting request stops to wait for what is being fetched for it.</summary>
    public SgLangPrefetchPolicy PrefetchPolicy { get; init; } = SgLangPrefetchPolicy.BestEffort;

    /// <summary><c>prefetch_threshold</c>: with fewer tokens missing, or fewer of them in the storage, nothing is fetched.</summary>
    public int PrefetchThreshold { get; init; } = 256;

    /// <summary><c>prefetch_timeout_base</c>, for the policy timeout.</summary>
    public SimDuration TimeoutBase { get; init; } = SimDuration.FromSeconds(2);

    /// <summary><c>prefetch_timeout_per_ki_token</c>: beyond that, per 1024 tokens that are fetched.</summary>
    public SimDuration TimeoutPerKiToken { get; init; } = SimDuration.FromMilliseconds(100);

    /// <summary>The longest that a request waits by the policy timeout.</summary>
    public SimDuration TimeoutMax { get; init; } = SimDuration.FromSeconds(30);
}
