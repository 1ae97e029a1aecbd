using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The keys of an <c>engine</c> section of kind vllm: its scheduler and KV cache under vLLM's own flag names.</summary>
public static class VllmFields
{
    /// <summary>Where vLLM's defaults were read.</summary>
    public const string VllmDefaults = "vLLM, main of 2026-08-17 (between v0.26 and v0.28)";

    public static readonly Field<int?> MaxNumSeqs = new(new OptionalType<int>(new IntegerType(1)))
    {
        Name = "max_num_seqs",
        Meaning = "Most requests running at once on a replica.",
        DefaultText = "by GPU memory",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<int?> MaxNumBatchedTokens = new(new OptionalType<int>(new IntegerType(1)))
    {
        Name = "max_num_batched_tokens",
        Meaning = "Most tokens computed in one step of a replica.",
        DefaultText = "by GPU memory",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<int> BlockSize = new(new IntegerType(1, 65536))
    {
        Name = "block_size",
        Meaning = "Tokens per KV block. Larger for models with linear attention, so that a state fits; up to v0.11.0 64 on Hopper and from v0.10 to v0.11.0 128 on Blackwell for latent attention.",
        Default = 16,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<int?> NumGpuBlocks = new(new OptionalType<int>(new IntegerType(2)))
    {
        Name = "num_gpu_blocks",
        AlsoCalled = ["num_gpu_blocks_override", "kv_blocks"],
        Meaning = "KV blocks in a replica's pool (vLLM's num_gpu_blocks_override), as a server's log says; one of them is reserved. Instead: kv_cache_memory_bytes.",
        DefaultText = "what fits; without a model and a GPU 16384, or by kv_cache_memory_bytes",
        DefaultSource = "the default of DynoSim's engine model",
    };

    public static readonly Field<long?> KvCacheMemoryBytes = new(new OptionalType<long>(new BytesType()))
    {
        Name = "kv_cache_memory_bytes",
        Meaning = "Memory for the KV cache: with a model and a GPU that of one GPU, as vLLM means it; with model.kv_bytes_per_token that of a replica. Instead: num_gpu_blocks.",
        DefaultText = "not set",
    };

    public static readonly Field<double?> KvOffloadingSize = Optional.Number("kv_offloading_size",
        "Host memory for KV, GiB over all GPUs of a replica: vLLM's own offloading to the host. The plain engine drives such a run.", min: 0, aboveMin: true);

    public static readonly Field<string> KvOffloadingBackend = new(new ChoiceType(("native", "vLLM's OffloadingConnector")))
    {
        Name = "kv_offloading_backend",
        Meaning = "Who keeps it. vLLM's other backend, lmcache, is not modelled.",
        Default = "native",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<double?> GpuMemoryUtilization = Optional.Number("gpu_memory_utilization",
        "Share of each GPU's memory that vLLM may use. Default: 0.92, before v0.21 0.9.", UnitTable.Number, 0, 1, aboveMin: true);

    public static readonly Field<bool> EnforceEager = new(new SwitchType())
    {
        Name = "enforce_eager",
        Meaning = "Run every step without CUDA graphs.",
        Default = false,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<int?> MaxModelLen = new(new OrKeyword<int>(new IntegerType(1), "auto"))
    {
        Name = "max_model_len",
        Meaning = "Most tokens of prompt plus answer. auto: the most that fits into the KV cache, at most the model's.",
        DefaultText = "the model's; auto without a model",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<bool> EnablePrefixCaching = new(new SwitchType())
    {
        Name = "enable_prefix_caching",
        Meaning = "Whether full blocks are kept and shared between requests with the same beginning.",
        Default = true,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<string> SchedulingPolicy = new(new ChoiceType(("fcfs", "first come, first served"), ("priority", "lower priority value first, then earlier arrival")))
    {
        Name = "scheduling_policy",
        Meaning = "Order of the waiting queue and choice of preemption victims.",
        Default = "fcfs",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<bool?> AsyncScheduling = new(new OptionalType<bool>(new SwitchType()))
    {
        Name = "async_scheduling",
        Meaning = "Plan step N+1 before the result of step N is known.",
        DefaultText = "true, false with ngram speculation and before v0.14",
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<bool> EnableChunkedPrefill = new(new SwitchType())
    {
        Name = "enable_chunked_prefill",
        Meaning = "Whether prompts may be computed in pieces. Up to and with v0.11.0 they always are.",
        Default = true,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<int> LongPrefillTokenThreshold = new(new IntegerType(0))
    {
        Name = "long_prefill_token_threshold",
        Meaning = "Most prompt tokens of one request per step; 0 is no limit.",
        Default = 0,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<double> Watermark = new(new NumberType(UnitTable.Number, 0, 0.99))
    {
        Name = "watermark",
        Meaning = "Share of the KV blocks kept free when a waiting request is admitted beside running ones.",
        Default = 0,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<bool> SchedulerReserveFullIsl = new(new SwitchType())
    {
        Name = "scheduler_reserve_full_isl",
        Meaning = "Admit a waiting request only if its whole known sequence fits, even when one chunk is computed now. Before v0.19 false.",
        Default = true,
        DefaultSource = VllmDefaults,
    };

    public static readonly Field<IReadOnlyList<int?>> KvCacheGroups = new(new ListType<int?>(new OrKeyword<int>(new IntegerType(1), "full"), 1))
    {
        Name = "kv_cache_groups",
        Meaning = "KV cache groups of a hybrid model, one entry per group: full for full attention, or the sliding window in tokens. By the model when one is named.",
        Default = [null],
        DefaultSource = "a model with full attention only",
    };

    public static readonly Field<int?> PrefixCacheRetentionInterval = new(new OrKeyword<int>(new IntegerType(0, 0), "none"))
    {
        Name = "prefix_cache_retention_interval",
        Meaning = "For sliding-window groups: 0 keeps only the ends of prompts and the points where prompts part, none keeps every block. Up to v0.28 none.",
        Default = 0,
        DefaultSource = VllmDefaults,
    };

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Field> All =
    [
        MaxNumSeqs, MaxNumBatchedTokens, BlockSize, NumGpuBlocks, KvCacheMemoryBytes, GpuMemoryUtilization, EnforceEager, MaxModelLen, EnablePrefixCaching,
        SchedulingPolicy, AsyncScheduling, EnableChunkedPrefill, LongPrefillTokenThreshold, Watermark, SchedulerReserveFullIsl,
        KvCacheGroups, PrefixCacheRetentionInterval, KvOffloadingSize, KvOffloadingBackend, KvbmFields.Kvbm, ExchangeFields.All2AllBackend,
    ];
}
