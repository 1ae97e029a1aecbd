using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>SGLang's flags for its hierarchical cache.</summary>
public static class HiCacheFields
{
    private const string Source = "SGLang (server_args.py, hiradix_cache.py)";

    public static readonly Field<bool> Enable = new(new SwitchType())
    {
        Name = "enable_hierarchical_cache",
        Meaning = "Keep KV in host memory too (HiCache). With write_back or a storage the plain engine drives the run.",
        Default = false,
        DefaultSource = Source,
    };

    public static readonly Field<double> Ratio = new(new NumberType(UnitTable.Number, 0, 1000, aboveMin: true))
    {
        Name = "hicache_ratio",
        Meaning = "Size of the host pool in GPU pools. SGLang starts only with a host pool larger than the GPU's.",
        Default = 2,
        DefaultSource = Source,
    };

    public static readonly Field<double?> Size = Optional.Number("hicache_size", "Size of the host pool in GB per rank; goes before hicache_ratio. Default: 0, hicache_ratio counts.");

    public static readonly Field<string> WritePolicy = new(new ChoiceType(
        ("write_through", "as soon as KV enters the radix tree"),
        ("write_through_selective", "when it was met twice"),
        ("write_back", "when it leaves the GPU, which waits for it")))
    {
        Name = "hicache_write_policy",
        Meaning = "When KV is copied to the host.",
        Default = "write_through",
        DefaultSource = Source,
    };

    public static readonly Field<string> IoBackend = new(new ChoiceType(("kernel", "copies by GPU kernels"), ("direct", "copies by the copy engines")))
    {
        Name = "hicache_io_backend",
        Meaning = "How KV is copied. Changes nothing here by itself: kv_tiers.host_read and host_write say what it reaches.",
        Default = "kernel",
        DefaultSource = Source,
    };

    public static readonly Field<string> StorageBackend = new(new ChoiceType(
        ("none", "nothing behind the host"), ("file", "files"), ("mooncake", "Mooncake's store"), ("hf3fs", "3FS"), ("nixl", "NIXL"), ("aibrix", "AIBrix KVCache"), ("eic", "EIC"), ("dynamic", "a backend of one's own")))
    {
        Name = "hicache_storage_backend",
        Meaning = "Keep KV in a storage behind the host too. Its name changes nothing here: kv_tiers.storage says what it reaches. Every replica has its own.",
        Default = "none",
        DefaultSource = Source,
    };

    public static readonly Field<string> PrefetchPolicy = new(new ChoiceType(
        ("best_effort", "not at all: what has come when it can be admitted is used"),
        ("wait_complete", "until all is there"),
        ("timeout", "until all is there or a time is over")))
    {
        Name = "hicache_storage_prefetch_policy",
        Meaning = "How long a request waits for what is fetched for it out of the storage.",
        Default = "best_effort",
        DefaultSource = Source,
    };

    public static readonly Field<int?> PrefetchThreshold = Optional.Count("prefetch_threshold", "Fewer missing tokens are not fetched (hicache_storage_backend_extra_config). Default: 256.");

    public static readonly Field<SimDuration?> PrefetchTimeoutBase = Optional.Duration("prefetch_timeout_base", "For the policy timeout: what every request waits (hicache_storage_backend_extra_config). Default: 2s.");

    public static readonly Field<SimDuration?> PrefetchTimeoutPerKiToken = Optional.Duration("prefetch_timeout_per_ki_token", "And on top per 1024 tokens that are fetched, 30s in all at most (hicache_storage_backend_extra_config). Default: 100ms.");

    /// <summary>Those that say nothing without the cache.</summary>
    public static readonly IReadOnlyList<Field> OfTheHost = [Ratio, Size, WritePolicy, IoBackend, StorageBackend];

    /// <summary>Those that say nothing without a storage.</summary>
    public static readonly IReadOnlyList<Field> OfTheStorage = [PrefetchPolicy, PrefetchThreshold, PrefetchTimeoutBase, PrefetchTimeoutPerKiToken];

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Field> All = [Enable, .. OfTheHost, .. OfTheStorage];
}
