using Foretoken.Engines.Tiers;

namespace Foretoken.Engines.TrtLlm;

/// <summary>
/// TensorRT-LLM's secondary pool (<c>kv_cache_config.host_cache_size</c>): stored blocks that leave the GPU go on there. Per
/// rank and GPU.
/// </summary>
public sealed record TrtLlmHostCache
{
    /// <summary>Blocks of the pool.</summary>
    public required int Blocks { get; init; }

    /// <summary>Bytes of a block on one GPU.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>GPU to host.</summary>
    public TierLink ToHost { get; init; } = TierLink.Instant;

    /// <summary>Host to GPU.</summary>
    public TierLink FromHost { get; init; } = TierLink.Instant;

    /// <summary><c>secondary_offload_min_priority</c>: blocks of a lower retention priority are forgotten instead.</summary>
    public int MinPriority { get; init; } = 30;
}
