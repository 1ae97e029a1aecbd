namespace Foretoken.Fleet.Scaling;

/// <summary>What a scaler is told of a pool before the run.</summary>
public sealed record PoolFacts
{
    /// <summary>The pool's name.</summary>
    public required string Name { get; init; }

    /// <summary>What its replicas do.</summary>
    public PoolWork Work { get; init; } = PoolWork.Both;

    /// <summary>GPUs of a replica.</summary>
    public int GpusPerReplica { get; init; } = 1;

    /// <summary>Price of a replica relative to those of other pools, for scalers that choose the cheapest.</summary>
    public double Cost { get; init; } = 1;

    /// <summary>Most tokens of a forward pass; 0 when unknown.</summary>
    public int MaxBatchedTokens { get; init; }

    /// <summary>Most requests of a forward pass; 0 when unknown.</summary>
    public int MaxSequences { get; init; }

    /// <summary>Tokens that the KV cache of a replica holds; 0 when unknown.</summary>
    public long MaxKvTokens { get; init; }

    /// <summary>Longest sequence that the engine takes; 0 when unknown.</summary>
    public long ContextLength { get; init; }

    /// <summary>Tokens of a KV block.</summary>
    public int KvBlockTokens { get; init; } = 1;

    /// <summary>How long forward passes take, as profiling before deployment would tell; null when the scaler is not given it.</summary>
    public IStepEstimate? Steps { get; init; }
}
