using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The keys of an <c>engine</c> section of kind trtllm: TensorRT-LLM's own names, those of nested configs without their path.</summary>
public static class TrtLlmFields
{
    /// <summary>Where TensorRT-LLM's defaults were read.</summary>
    public const string TrtLlmDefaults = "TensorRT-LLM, llm_args.py of 2026";

    public static readonly Field<int?> NumKvBlocks = new(new OptionalType<int>(new IntegerType(1)))
    {
        Name = "num_kv_blocks",
        AlsoCalled = ["kv_blocks"],
        Meaning = "KV blocks of a rank, as a server's log says. Instead: max_tokens.",
        DefaultText = "what fits; 8192 without a model and a GPU",
        DefaultSource = "as much as the default of vLLM's pool here",
    };

    public static readonly Field<int?> MaxTokens = Optional.Count("max_tokens", "kv_cache_config.max_tokens: most tokens that the KV cache of a rank holds.");

    public static readonly Field<double?> FreeGpuMemoryFraction = Optional.Number("free_gpu_memory_fraction",
        "kv_cache_config.free_gpu_memory_fraction: share of the memory that is left for the KV cache. Default: 0.9.", UnitTable.Number, 0, 1, aboveMin: true);

    public static readonly Field<int?> MaxSeqLen = new(new OptionalType<int>(new IntegerType(2)))
    {
        Name = "max_seq_len",
        Meaning = "Most tokens of prompt plus answer.",
        DefaultText = "the model's; without a model what fits into the pool",
        DefaultSource = TrtLlmDefaults,
    };

    public static readonly Field<int> MaxBatchSize = Count("max_batch_size", "Most requests in a step, and most active at once.", 2048);
    public static readonly Field<int> MaxNumTokens = Count("max_num_tokens", "Most tokens computed in a step.", 8192);
    public static readonly Field<int> TokensPerBlock = Count("tokens_per_block", "kv_cache_config.tokens_per_block.", 32);

    public static readonly Field<string> CapacitySchedulerPolicy = new(new ChoiceType(
        ("GUARANTEED_NO_EVICT", "a request starts when it can run to its end with the blocks left"),
        ("MAX_UTILIZATION", "a request runs when its next step fits; the last one started loses its memory when it does not"),
        ("STATIC_BATCH", "new requests start only when nobody generates")))
    {
        Name = "capacity_scheduler_policy",
        Meaning = "scheduler_config.capacity_scheduler_policy: who may hold KV cache.",
        Default = "GUARANTEED_NO_EVICT",
        DefaultSource = TrtLlmDefaults,
    };

    public static readonly Field<bool> EnableChunkedPrefill = Flag("enable_chunked_prefill", "Whether prompts may be computed in pieces; off, one longer than a step is refused.", false);

    public static readonly Field<string> ContextChunkingPolicy = new(new ChoiceType(
        ("FIRST_COME_FIRST_SERVED", "each in turn takes what is left of the step"),
        ("EQUAL_PROGRESS", "one block's worth of tokens each, round after round")))
    {
        Name = "context_chunking_policy",
        Meaning = "scheduler_config.context_chunking_policy: how prompts that do not fit into a step are cut. Only with chunked prefill.",
        Default = "FIRST_COME_FIRST_SERVED",
        DefaultSource = TrtLlmDefaults,
    };

    public static readonly Field<bool> EnableBlockReuse = Flag("enable_block_reuse", "kv_cache_config.enable_block_reuse: share blocks by content.", true);
    public static readonly Field<bool> EnablePartialReuse = Flag("enable_partial_reuse", "kv_cache_config.enable_partial_reuse: also share the first tokens of a block.", true);
    public static readonly Field<bool> CopyOnPartialReuse = Flag("copy_on_partial_reuse", "kv_cache_config.copy_on_partial_reuse: share them by copy from blocks in use.", true);
    public static readonly Field<bool> DisableOverlapScheduler = Flag("disable_overlap_scheduler", "Apply a step's result before planning the next one. Before 0.20 true.", false);
    public static readonly Field<int> BatchWaitTimeoutIters = new(new IntegerType(0)) { Name = "batch_wait_timeout_iters", Meaning = "Most steps for which prompts are held back while others generate; 0 is off.", Default = 0, DefaultSource = TrtLlmDefaults };

    public static readonly Field<double> BatchWaitMaxTokensRatio = new(new NumberType(UnitTable.Number, 0, 1))
    {
        Name = "batch_wait_max_tokens_ratio",
        Meaning = "Prompts are held back only while a step would have fewer than this share of max_num_tokens.",
        Default = 0,
        DefaultSource = TrtLlmDefaults,
    };

    public static readonly Field<long?> HostCacheSize = new(new OptionalType<long>(new BytesType()))
    {
        Name = "host_cache_size",
        Meaning = "kv_cache_config.host_cache_size: host memory for blocks that leave the GPU, over all GPUs of a replica. The plain engine drives such a run.",
        DefaultText = "not set",
        DefaultSource = TrtLlmDefaults,
    };

    public static readonly Field<int> SecondaryOffloadMinPriority = new(new IntegerType(0, 100))
    {
        Name = "secondary_offload_min_priority",
        Meaning = "kv_cache_config.secondary_offload_min_priority: blocks of a lower retention priority do not go there.",
        Default = 30,
        DefaultSource = "TensorRT-LLM (evictionPolicy.cpp)",
    };

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Field> All =
    [
        MaxBatchSize, MaxNumTokens, MaxSeqLen, TokensPerBlock, NumKvBlocks, MaxTokens, FreeGpuMemoryFraction, CapacitySchedulerPolicy,
        EnableChunkedPrefill, ContextChunkingPolicy, EnableBlockReuse, EnablePartialReuse, CopyOnPartialReuse, DisableOverlapScheduler,
        BatchWaitTimeoutIters, BatchWaitMaxTokensRatio, HostCacheSize, SecondaryOffloadMinPriority, KvbmFields.Kvbm, ExchangeFields.ForceCommMethod,
    ];

    private static Field<int> Count(string name, string meaning, int value) =>
        new(new IntegerType(1)) { Name = name, Meaning = meaning, Default = value, DefaultSource = TrtLlmDefaults };

    private static Field<bool> Flag(string name, string meaning, bool value) =>
        new(new SwitchType()) { Name = name, Meaning = meaning, Default = value, DefaultSource = TrtLlmDefaults };
}
