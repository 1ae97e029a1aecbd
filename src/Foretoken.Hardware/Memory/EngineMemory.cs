namespace Foretoken.Hardware.Memory;

/// <summary>Whose rules decide how much memory the KV cache gets.</summary>
public enum EngineKind
{
    /// <summary>vLLM V1.</summary>
    Vllm,

    /// <summary>SGLang.</summary>
    Sglang,

    /// <summary>TensorRT-LLM's PyTorch backend.</summary>
    TensorRtLlm,
}

/// <summary>The engine's settings that memory depends on. A null is the engine's own default or an estimate of ours.</summary>
public sealed record EngineMemory
{
    /// <summary>The engine.</summary>
    public EngineKind Kind { get; init; }

    /// <summary>Its release.</summary>
    public EngineVersion Version { get; init; } = EngineVersion.Newest;

    /// <summary>gpu_memory_utilization, mem_fraction_static or free_gpu_memory_fraction; above 0, at most 1.</summary>
    public double? MemoryFraction { get; init; }

    /// <summary>Tokens per KV block (page): 16 in vLLM, 1 in SGLang, 32 in TensorRT-LLM.</summary>
    public int? BlockSize { get; init; }

    /// <summary>Bytes of a number in the KV cache: 2 (bf16) or 1 (fp8).</summary>
    public int KvBytesPerNumber { get; init; } = 2;

    /// <summary>Most tokens of a forward pass (max_num_batched_tokens, chunked_prefill_size, max_num_tokens).</summary>
    public int MaxBatchedTokens { get; init; } = 8192;

    /// <summary>SGLang's chunked_prefill_size before it is divided over attention ranks, which its memory fraction goes by; null for <see cref="MaxBatchedTokens"/>.</summary>
    public int? PrefillChunk { get; init; }

    /// <summary>Most requests of a forward pass.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Largest batch that SGLang captures in a CUDA graph.</summary>
    public int GraphBatch { get; init; } = 256;

    /// <summary>Whether steps run without CUDA graphs.</summary>
    public bool Eager { get; init; }

    /// <summary>Draft tokens per step; above 0 the model's own MTP layers are loaded.</summary>
    public int MtpTokens { get; init; }

    /// <summary>Whether a draft head drafts, the model's own MTP layers or one that is loaded beside it.</summary>
    public bool DraftHead { get; init; }

    /// <summary>A smaller model that drafts beside the model, on the same ranks; null for none.</summary>
    public Models.ModelShape? DraftModel { get; init; }

    /// <summary>Memory that the driver reports and a process does not get, bytes: what an engine calls the GPU's memory is less by it.</summary>
    public long DriverBytes { get; init; }

    /// <summary>An estimate of <see cref="DriverBytes"/>: half a percent (an H100 of 79.65 GiB has 79.22 in vLLM's log, vllm PR #10511).</summary>
    public static long EstimatedDriverBytes(long gpuBytes) => gpuBytes / 200;

    /// <summary>Peak of activations as the engine reported it, bytes.</summary>
    public long? ActivationBytes { get; init; }

    /// <summary>What lies outside of the tensor library (context, kernels, communication), bytes, as the engine reported it.</summary>
    public long? RuntimeBytes { get; init; }

    /// <summary>CUDA graphs as the engine reported them, bytes.</summary>
    public long? GraphBytes { get; init; }

    /// <summary>Memory for the KV cache (vLLM's kv_cache_memory_bytes); nothing is computed then.</summary>
    public long? KvCacheBytes { get; init; }

    /// <summary>Blocks as read off a server (vLLM's num_gpu_blocks_override).</summary>
    public long? KvBlocks { get; init; }
}
