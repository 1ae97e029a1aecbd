using Foretoken.Engines.Replicas;
using Foretoken.Engines.Vllm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm;

/// <summary>
/// A vLLM engine in virtual time, one step at a time, with real block tables: the reference for every faster engine.
/// </summary>
/// <remarks>
/// What arrives while a step runs is first seen at that step's end, even if the queue has room (vLLM's EngineCore with a batch
/// queue; its depth is 2 with async scheduling). Decode contexts are known exactly when a step starts: tokens computed before
/// it and really kept, plus the one of the step; drafts are not counted in it.
/// </remarks>
public sealed class PlainVllmReplica : PlainReplica
{
    private readonly VllmRank _rank;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the draft acceptance (stream <see cref="StreamId.Speculation"/>, one per request).</param>
    public PlainVllmReplica(VllmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
        : this(settings, new VllmRank(settings, recorder, seed), stepTime, recorder)
    {
    }

    private PlainVllmReplica(VllmSettings settings, VllmRank rank, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : base(rank, settings.AsyncScheduling ? 2 : 1, stepTime, recorder) => _rank = rank;

    internal VllmScheduler Scheduler => _rank.Scheduler;
}
