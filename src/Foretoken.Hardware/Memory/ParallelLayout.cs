namespace Foretoken.Hardware.Memory;

/// <summary>How one replica is laid out over GPUs, in vLLM's sense of the words.</summary>
public sealed record ParallelLayout
{
    /// <summary>GPUs that share each layer.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Stages, each with a share of the layers.</summary>
    public int PipelineParallel { get; init; } = 1;

    /// <summary>Copies of everything but the routed experts, each with its own requests.</summary>
    public int AttentionDataParallel { get; init; } = 1;

    /// <summary>Groups that the routed experts are dealt out to; within a group each expert is divided. 1: every expert is divided over all ranks of a stage.</summary>
    public int ExpertParallel { get; init; } = 1;

    /// <summary>
    /// Ranks of a tensor-parallel group that share each request's KV cache by tokens instead of keeping copies of it (vLLM's
    /// decode_context_parallel_size). They are GPUs of <see cref="TensorParallel"/>, not further ones.
    /// </summary>
    public int DecodeContextParallel { get; init; } = 1;

    /// <summary>Whether norms and residuals are divided by tokens over the tensor-parallel ranks (vLLM's pass_config.enable_sp): reduce-scatter and all-gather in place of each all-reduce.</summary>
    public bool SequenceParallel { get; init; }

    /// <summary>GPUs of the replica.</summary>
    public int Gpus => TensorParallel * PipelineParallel * AttentionDataParallel;

    /// <summary>Ranks that the routed experts of a stage are spread over.</summary>
    public int ExpertRanks => TensorParallel * AttentionDataParallel;
}
