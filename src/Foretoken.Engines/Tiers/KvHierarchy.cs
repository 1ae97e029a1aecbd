namespace Foretoken.Engines.Tiers;

/// <summary>
/// Where an engine that keeps KV in blocks by content (vLLM, TensorRT-LLM) puts it outside the GPU: the host (G2), a disk behind
/// it (G3) and a remote store (G4). Per rank and GPU. vLLM's own offloading has the host only; Dynamo's KVBM has all of them.
/// </summary>
public sealed record KvHierarchy
{
    /// <summary>Blocks of the host pool; null for no limit.</summary>
    public required int? HostBlocks { get; init; }

    /// <summary>Bytes of a block on one GPU.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>GPU to host.</summary>
    public TierLink ToHost { get; init; } = TierLink.Instant;

    /// <summary>Host to GPU.</summary>
    public TierLink FromHost { get; init; } = TierLink.Instant;

    /// <summary>The disk; null for none.</summary>
    public KvHierarchyLevel? Disk { get; init; }

    /// <summary>The remote store; null for none.</summary>
    public KvHierarchyLevel? Remote { get; init; }

    /// <summary>Whether all replicas of a run have one remote store and its bandwidth together.</summary>
    public bool RemoteIsShared { get; init; }

    /// <summary>Whether copies of one direction between GPU and host go one after the other (a CUDA stream) or share the bandwidth.</summary>
    public bool OneByOne { get; init; }

    /// <summary>Most blocks of a copy to the host; null for no limit.</summary>
    public int? OffloadBatch { get; init; }

    /// <summary>What keeps it from working, each at its field under <paramref name="place"/>.</summary>
    public IEnumerable<Quantities.Problem> Problems(string place)
    {
        if (HostBlocks < 0)
        {
            yield return new Quantities.Problem(place, "has a negative number of host blocks");
        }

        if (BlockBytes < 0)
        {
            yield return new Quantities.Problem(place, "has blocks of negative size");
        }

        if (OffloadBatch < 1)
        {
            yield return new Quantities.Problem(place, "has an offload batch of less than one block");
        }

        foreach (var level in new[] { Disk, Remote })
        {
            if (level is { Blocks: < 0 })
            {
                yield return new Quantities.Problem(place, "has a tier with a negative number of blocks");
            }
        }
    }
}

/// <summary>A tier behind the host.</summary>
/// <param name="Blocks">Blocks that it holds; null for no limit.</param>
/// <param name="Write">Host to it.</param>
/// <param name="Read">It to the host.</param>
public sealed record KvHierarchyLevel(int? Blocks, TierLink Write, TierLink Read);
