using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.TrtLlm;

/// <summary>
/// A TensorRT-LLM engine's scheduler and KV cache settings (PyTorch backend). Names are those of TensorRT-LLM's LLM arguments;
/// defaults are theirs (main of mid-2026). <see cref="Problems"/> says what cannot work.
/// </summary>
public sealed record TrtLlmSettings : EngineSettings
{
    /// <summary>KV blocks in the pool of a rank; all of them can hold tokens.</summary>
    public required int NumKvBlocks { get; init; }

    /// <summary><c>max_seq_len</c>: most tokens of prompt plus answer.</summary>
    public required int MaxSeqLen { get; init; }

    /// <summary><c>max_batch_size</c>: most requests in a step, and most active at once.</summary>
    public int MaxBatchSize { get; init; } = 2048;

    /// <summary><c>max_num_tokens</c>: most tokens computed in a step.</summary>
    public int MaxNumTokens { get; init; } = 8192;

    /// <summary><c>kv_cache_config.tokens_per_block</c>.</summary>
    public int TokensPerBlock { get; init; } = 32;

    /// <summary><c>scheduler_config.capacity_scheduler_policy</c>.</summary>
    public TrtLlmCapacityPolicy CapacitySchedulerPolicy { get; init; } = TrtLlmCapacityPolicy.GuaranteedNoEvict;

    /// <summary><c>enable_chunked_prefill</c>: prompts may be computed in pieces. Off, a prompt longer than a step is refused.</summary>
    public bool EnableChunkedPrefill { get; init; }

    /// <summary><c>scheduler_config.context_chunking_policy</c>; only with chunked prefill.</summary>
    public TrtLlmChunkingPolicy ContextChunkingPolicy { get; init; } = TrtLlmChunkingPolicy.FirstComeFirstServed;

    /// <summary><c>kv_cache_config.enable_block_reuse</c>: share blocks by content.</summary>
    public bool EnableBlockReuse { get; init; } = true;

    /// <summary><c>kv_cache_config.enable_partial_reuse</c>: also share the first tokens of a block.</summary>
    public bool EnablePartialReuse { get; init; } = true;

    /// <summary><c>kv_cache_config.copy_on_partial_reuse</c>: share them by copy from blocks in use; off, only from blocks that nobody uses.</summary>
    public bool CopyOnPartialReuse { get; init; } = true;

    /// <summary>Retention priority of prompt blocks, 0 to 100; lower is evicted first (<c>KvCacheRetentionConfig</c>).</summary>
    public int PromptRetentionPriority { get; init; } = DefaultRetentionPriority;

    /// <summary>Retention priority of blocks that answers fill.</summary>
    public int DecodeRetentionPriority { get; init; } = DefaultRetentionPriority;

    /// <summary><c>disable_overlap_scheduler</c>: apply a step's result before planning the next one.</summary>
    public bool DisableOverlapScheduler { get; init; }

    /// <summary><c>batch_wait_timeout_iters</c>: most steps for which prompts are held back while others generate; 0 is off.</summary>
    public int BatchWaitTimeoutIters { get; init; }

    /// <summary><c>batch_wait_max_tokens_ratio</c>: prompts are held back only while a step would have fewer than this share of <see cref="MaxNumTokens"/>.</summary>
    public double BatchWaitMaxTokensRatio { get; init; }

    /// <summary>Whether MAX_UTILIZATION keeps room for two steps of every generating request: TensorRT-LLM does under pipeline parallelism.</summary>
    public bool TwoStepLookahead { get; init; }

    /// <summary>
    /// Ranks of <c>enable_attention_dp</c>, which step together, each with the memory and the limits that these settings say; 1 is
    /// off. The batch wait does not apply to them.
    /// </summary>
    public int AttentionDpSize { get; init; } = 1;

    /// <summary>Speculative decoding, or null for none.</summary>
    public TrtLlmSpeculation? Speculation { get; init; }

    /// <summary><c>host_cache_size</c>: a secondary pool in host memory, or null for none.</summary>
    public TrtLlmHostCache? HostCache { get; init; }

    /// <summary>KV outside the GPU through a KV cache connector (<c>kv_connector_config</c>), as Dynamo's KVBM keeps it; null for none.</summary>
    public KvHierarchy? Offloading { get; init; }

    /// <summary>TensorRT-LLM's default retention priority.</summary>
    public const int DefaultRetentionPriority = 35;

    /// <inheritdoc />
    public override string EngineName => "trtllm";

    /// <inheritdoc />
    public override int KvBlocks => NumKvBlocks * AttentionDpSize;

    /// <inheritdoc />
    public override int KvBlockTokens => TokensPerBlock;

    /// <inheritdoc />
    public override long KvPoolTokens => (long)NumKvBlocks * TokensPerBlock * AttentionDpSize;

    /// <inheritdoc />
    public override int MaxBatchedTokens => MaxNumTokens;

    /// <inheritdoc />
    public override int LongestPrompt => EnableChunkedPrefill ? MaxSeqLen - 1 : Math.Min(MaxSeqLen - 1, MaxNumTokens);

    /// <inheritdoc />
    public override string LongestPromptFlag => LongestPrompt == MaxSeqLen - 1 ? "max_seq_len" : "max_num_tokens";

    /// <summary>Drafts per step; 0 without speculation.</summary>
    internal int Drafts => Speculation?.MaxDraftLen ?? 0;

    /// <summary>
    /// KV slots beyond prompt and answer that a request may take for drafts: those of one step, and under the overlap scheduler
    /// those of the step before, whose fate is not known yet.
    /// </summary>
    internal int DraftSlots => Drafts == 0 ? 0 : DisableOverlapScheduler ? Drafts : 2 * Drafts + 1;

    /// <summary>Everything that would keep the engine from working, each at its field under <paramref name="place"/>.</summary>
    public IReadOnlyList<Problem> Problems(string place)
    {
        var problems = new List<Problem>();
        void Check(bool good, string field, string message, string? fix = null)
        {
            if (!good)
            {
                problems.Add(new Problem($"{place}.{field}", message, fix));
            }
        }

        Check(HostCache is null || EnableBlockReuse, "host_cache_size", "keeps blocks by their content, and enable_block_reuse is off", "turn it on, or leave out host_cache_size");
        Check(HostCache is not { Blocks: < 0 }, "host_cache_size", "must not be negative");
        if (Offloading is { } tiers)
        {
            Check(EnableBlockReuse, "kvbm", "keeps blocks by their content, and enable_block_reuse is off", "turn it on, or leave out kvbm");
            Check(HostCache is null, "host_cache_size", "contradicts kvbm, which keeps blocks in host memory itself", "leave out one of the two");
            Check(CapacitySchedulerPolicy == TrtLlmCapacityPolicy.GuaranteedNoEvict, "capacity_scheduler_policy", "must be GUARANTEED_NO_EVICT beside kvbm: TensorRT-LLM refuses a KV connector otherwise", "leave it out");
            Check(Speculation is null, "speculative", "cannot be used beside kvbm: TensorRT-LLM refuses a KV connector then", "leave out one of the two");
            problems.AddRange(tiers.Problems($"{place}.kvbm"));
        }

        Check(NumKvBlocks >= 1, "num_kv_blocks", "must be at least 1");
        Check(MaxSeqLen >= 2, "max_seq_len", "must leave room for a prompt and an answer");
        Check(AttentionDpSize >= 1, "attention_dp_size", "must be at least 1");
        Check(MaxBatchSize >= 1, "max_batch_size", "must be at least 1");
        Check(TokensPerBlock >= 1, "tokens_per_block", "must be at least 1");
        Check(
            MaxNumTokens >= 1 + Drafts,
            "max_num_tokens",
            "must have room for a token with its drafts, or nobody could ever generate");
        Check(
            !EnableChunkedPrefill || MaxNumTokens >= TokensPerBlock,
            "max_num_tokens",
            "is smaller than a KV block, the unit in which prompts are cut, so that no long prompt could ever be computed");
        Check(PromptRetentionPriority is >= 0 and <= 100, "prompt_retention_priority", "must lie between 0 and 100");
        Check(DecodeRetentionPriority is >= 0 and <= 100, "decode_retention_priority", "must lie between 0 and 100");
        Check(BatchWaitTimeoutIters >= 0, "batch_wait_timeout_iters", "must not be negative");
        Check(BatchWaitMaxTokensRatio is >= 0 and <= 1, "batch_wait_max_tokens_ratio", "must lie between 0 and 1");
        if (Speculation is { } speculation)
        {
            var rates = speculation.AcceptanceRates;
            Check(speculation.MaxDraftLen >= 1, "speculation.max_draft_len", "must be at least 1");
            Check(rates.Count == speculation.MaxDraftLen, "speculation.acceptance_rates", "must have one rate per draft");
            Check(rates.All(rate => rate is >= 0 and <= 1), "speculation.acceptance_rates", "must lie between 0 and 1");
            Check(rates.Zip(rates.Skip(1)).All(pair => pair.First >= pair.Second), "speculation.acceptance_rates", "must not increase");
        }

        return problems;
    }

    /// <inheritdoc />
    public override bool KeepsOnHost => HostCache is not null || Offloading is { HostBlocks: not 0 };

    /// <inheritdoc />
    public override bool KeepsBehindHost => Offloading is { Disk: not null } or { Remote: not null };

    /// <inheritdoc />
    public override KvHierarchyLevel? SharedTier => Offloading is { RemoteIsShared: true } tiers ? tiers.Remote : null;

    /// <inheritdoc />
    public override string? NotCovered() => FastTrtLlmReplica.NotCovered(this);

    /// <inheritdoc />
    public override EngineSettings WithoutSharing() => this with { EnableBlockReuse = false, HostCache = null, Offloading = null };

    /// <inheritdoc />
    public override bool Accepts(in RequestSpec request) => TrtLlmAdmission.Accepts(this, request);

    /// <inheritdoc />
    public override IReplica CreatePlain(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed) => new PlainTrtLlmReplica(this, stepTime, recorder, seed);

    /// <inheritdoc />
    public override IReplica CreateFast(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed, PrefixTree? tree) =>
        new FastTrtLlmReplica(this, stepTime, recorder);
}
