using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Hardware.StepTime;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Vllm;

/// <summary>
/// A vLLM V1 engine's scheduler and KV cache settings, validated. Names are vLLM's own flags; defaults are those of vLLM
/// (main of August 2026, between v0.26 and v0.28) on a GPU of 70 GiB or more.
/// </summary>
public sealed record VllmSettings : EngineSettings
{
    /// <summary>Most requests running at once.</summary>
    public int MaxNumSeqs { get; init; } = 1024;

    /// <summary>Most tokens computed in one step.</summary>
    public int MaxNumBatchedTokens { get; init; } = 8192;

    /// <summary>Tokens per KV block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>KV blocks in the pool, the reserved null block included: one fewer is usable.</summary>
    public required int NumGpuBlocks { get; init; }

    /// <summary>Most tokens of prompt plus answer.</summary>
    public required int MaxModelLen { get; init; }

    /// <summary>Order of the waiting queue and choice of preemption victims.</summary>
    public VllmSchedulingPolicy SchedulingPolicy { get; init; } = VllmSchedulingPolicy.Fcfs;

    /// <summary>Whether full blocks are kept and shared by content.</summary>
    public bool EnablePrefixCaching { get; init; } = true;

    /// <summary>Share of the blocks kept free when a waiting request is admitted beside running ones.</summary>
    public double Watermark { get; init; }

    /// <summary>Admit a waiting request only if its whole known sequence fits, even when one chunk is computed now.</summary>
    public bool SchedulerReserveFullIsl { get; init; } = true;

    /// <summary>Most prompt tokens of one request per step; 0 is off.</summary>
    public int LongPrefillTokenThreshold { get; init; }

    /// <summary>Whether prompts may be computed in pieces.</summary>
    public bool EnableChunkedPrefill { get; init; } = true;

    /// <summary>Plan step N+1 before the result of step N is known (queue depth 2).</summary>
    public bool AsyncScheduling { get; init; } = true;

    /// <summary>Speculative decoding, or null for none.</summary>
    public VllmSpeculation? Speculation { get; init; }

    /// <summary>
    /// KV outside the GPU: vLLM's own offloading (<c>kv_offloading_size</c>), or a hierarchy like Dynamo's KVBM behind its KV
    /// connector; null for none. Only with one full-attention group.
    /// </summary>
    public KvHierarchy? Offloading { get; init; }

    /// <summary>KV cache groups of a hybrid model; one full-attention group by default.</summary>
    public IReadOnlyList<KvCacheGroup> KvCacheGroups { get; init; } = [KvCacheGroup.Full];

    /// <summary>
    /// <c>prefix_cache_retention_interval</c>: 0 keeps only replay boundaries and shared-prefix junctions of sliding-window
    /// groups, null every block.
    /// </summary>
    public int? PrefixCacheRetentionInterval { get; init; } = 0;

    /// <summary>
    /// <c>data_parallel_size</c> of one deployment whose ranks step together (a mixture of experts): each has the memory and the
    /// limits that these settings say.
    /// </summary>
    public int DataParallelSize { get; init; } = 1;

    /// <summary>Blocks of a rank that can hold tokens.</summary>
    public int UsableBlocks => NumGpuBlocks - 1;

    /// <inheritdoc />
    public override string EngineName => "vllm";

    /// <inheritdoc />
    public override int KvBlocks => UsableBlocks * DataParallelSize;

    /// <inheritdoc />
    public override int KvBlockTokens => BlockSize;

    /// <inheritdoc />
    public override long KvPoolTokens => (long)NumGpuBlocks / KvCacheGroups.Count * BlockSize * DataParallelSize;

    /// <inheritdoc />
    public override int MaxBatchedTokens => MaxNumBatchedTokens;

    /// <inheritdoc />
    public override int LongestPrompt => MaxModelLen - 1;

    /// <inheritdoc />
    public override string LongestPromptFlag => "max_model_len";

    /// <inheritdoc />
    public override bool KeepsOnHost => Offloading is { HostBlocks: not 0 };

    /// <inheritdoc />
    public override bool KeepsBehindHost => Offloading is { Disk: not null } or { Remote: not null };

    /// <inheritdoc />
    public override KvHierarchyLevel? SharedTier => Offloading is { RemoteIsShared: true } tiers ? tiers.Remote : null;

    /// <inheritdoc />
    public override string? NotCovered() => FastVllmReplica.NotCovered(this);

    /// <inheritdoc />
    public override bool Overtakes => SchedulingPolicy != VllmSchedulingPolicy.Fcfs;

    /// <inheritdoc />
    public override EngineSettings WithoutSharing() => this with { EnablePrefixCaching = false, Offloading = null };

    /// <inheritdoc />
    public override bool Accepts(in RequestSpec request) => VllmAdmission.Accepts(this, request);

    /// <inheritdoc />
    public override IReplica CreatePlain(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed) => new PlainVllmReplica(this, stepTime, recorder, seed);

    /// <inheritdoc />
    public override IReplica CreateFast(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed, PrefixTree? tree) => new FastVllmReplica(this, stepTime, recorder, tree);
}
