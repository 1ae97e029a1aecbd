using Foretoken.Hardware.Coefficients;

namespace Foretoken.Accuracy.Silicon;

/// <summary>How a measured server was started, as far as its source says. A null is the engine's own default.</summary>
public sealed record ServerFlags
{
    /// <summary>max_num_seqs, max_running_requests, max_batch_size.</summary>
    public int? MaxRequests { get; init; }

    /// <summary>max_num_batched_tokens, chunked_prefill_size, max_num_tokens.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>SGLang's max_prefill_tokens.</summary>
    public int? MaxPrefillTokens { get; init; }

    /// <summary>gpu_memory_utilization, mem_fraction_static, free_gpu_memory_fraction.</summary>
    public double? MemoryFraction { get; init; }

    /// <summary>Bytes of a number in the KV cache: 2 or 1.</summary>
    public int KvBytes { get; init; } = 2;

    /// <summary>Tokens per KV block.</summary>
    public int? BlockSize { get; init; }

    /// <summary>Longest sequence; null for what the model's config says.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether prefixes are cached.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Whether vLLM cuts prompts into chunks.</summary>
    public bool ChunkedPrefill { get; init; } = true;

    /// <summary>vLLM's async_scheduling; null for what the version does.</summary>
    public bool? AsyncScheduling { get; init; }

    /// <summary>Largest decode batch in a CUDA graph.</summary>
    public int? GraphBatch { get; init; }

    /// <summary>Groups that experts are dealt out to where the row's own figure cannot be what ran; null for the row's.</summary>
    public int? ExpertParallel { get; init; }

    /// <summary>How tokens get to their experts with attention data parallelism; null for what the engine does.</summary>
    public ExpertExchange? Exchange { get; init; }

    /// <summary>The experts' kernels.</summary>
    public ExpertKernels ExpertKernels { get; init; }

    /// <summary>SGLang's scheduler_recv_interval: steps between looks at the socket.</summary>
    public int RecvInterval { get; init; } = 1;

    /// <summary>TensorRT-LLM's batch_wait_timeout_iters.</summary>
    public int BatchWaitIters { get; init; }

    /// <summary>TensorRT-LLM's batch_wait_max_tokens_ratio.</summary>
    public double BatchWaitRatio { get; init; }

    /// <summary>stream_interval: tokens per streamed piece of an answer. The first token goes out at once in all three engines, the last with the last piece, so that neither TTFT nor TPOT depends on it.</summary>
    public int StreamInterval { get; init; } = 1;
}
