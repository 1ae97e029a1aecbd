using Foretoken.Engines.Tiers;
using Foretoken.Hardware.StepTime;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// The validated settings of one engine, whichever it is: what a run needs to know of it. Each engine's record adds its own
/// flags under their own names.
/// </summary>
public abstract record EngineSettings
{
    /// <summary>
    /// <c>stream_interval</c>: tokens reach the client in groups of so many, the first at once and the rest at the request's end.
    /// Every engine's default is 1.
    /// </summary>
    public int StreamInterval { get; init; } = 1;

    /// <summary>The engine as scenarios call it: <c>vllm</c>.</summary>
    public abstract string EngineName { get; }

    /// <summary>KV blocks (pages) that can hold tokens.</summary>
    public abstract int KvBlocks { get; }

    /// <summary>Tokens per KV block.</summary>
    public abstract int KvBlockTokens { get; }

    /// <summary>Tokens of the whole pool, blocks included that the engine keeps for itself: what a server's start-up log says.</summary>
    public abstract long KvPoolTokens { get; }

    /// <summary>Most prompt tokens that one step computes.</summary>
    public abstract int MaxBatchedTokens { get; }

    /// <summary>A prompt of more tokens is never accepted.</summary>
    public abstract int LongestPrompt { get; }

    /// <summary>The flag that <see cref="LongestPrompt"/> follows from.</summary>
    public abstract string LongestPromptFlag { get; }

    /// <summary>A remote store for KV that the replicas of a pool have together; null for none.</summary>
    public virtual KvHierarchyLevel? SharedTier => null;

    /// <summary>Whether KV is kept in host memory, too.</summary>
    public virtual bool KeepsOnHost => false;

    /// <summary>Whether KV is kept on a disk or in a remote store, too.</summary>
    public virtual bool KeepsBehindHost => false;

    /// <summary>What is beyond the fast engine, as the end of "does not cover ..."; null when it covers everything.</summary>
    public abstract string? NotCovered();

    /// <summary>Whether waiting requests may overtake each other by the engine's own policy.</summary>
    public virtual bool Overtakes => false;

    /// <summary>
    /// These settings for requests that share no content with each other: without caches for shared prompts, in the GPU's memory
    /// and outside of it. What is left acts as before.
    /// </summary>
    public abstract EngineSettings WithoutSharing();

    /// <summary>Whether the engine accepts the request; otherwise it ends as rejected when it is submitted.</summary>
    public abstract bool Accepts(in RequestSpec request);

    /// <summary>A new, idle replica that takes one step at a time: the reference.</summary>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the engine's own random decisions.</param>
    public abstract IReplica CreatePlain(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed);

    /// <summary>A new, idle replica with the same results in long strides. Only when <see cref="NotCovered"/> is null.</summary>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the engine's own random decisions.</param>
    /// <param name="tree">Tree that the requests' paths refer to; null when none has a path.</param>
    public abstract IReplica CreateFast(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed, PrefixTree? tree);
}
