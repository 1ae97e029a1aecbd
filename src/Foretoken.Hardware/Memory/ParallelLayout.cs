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

    /// <summary>GPUs of the replica.</summary>
    public int Gpus => TensorParallel * PipelineParallel * AttentionDataParallel;

    /// <summary>Ranks that the routed experts of a stage are spread over.</summary>
    public int ExpertRanks => TensorParallel * AttentionDataParallel;
}
