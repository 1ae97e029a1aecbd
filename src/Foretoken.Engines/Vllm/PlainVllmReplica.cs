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
    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the draft acceptance (stream <see cref="StreamId.Speculation"/>, one per request).</param>
    public PlainVllmReplica(VllmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
        : this(settings, CreateRanks(settings, recorder, seed), stepTime, recorder)
    {
    }

    private PlainVllmReplica(VllmSettings settings, VllmRank[] ranks, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : base(ranks, CreateDealer(settings, ranks), settings.AsyncScheduling ? 2 : 1, stepTime, recorder)
    {
    }

    internal VllmScheduler Scheduler => ((VllmRank)Ranks[0]).Scheduler;

    private static VllmRank[] CreateRanks(VllmSettings settings, ReplicaRecorder recorder, ulong seed)
    {
        var ranks = new VllmRank[settings.DataParallelSize];
        for (var r = 0; r < ranks.Length; r++)
        {
            ranks[r] = new VllmRank(settings, recorder, seed);
        }

        return ranks;
    }

    private static IRankDealer CreateDealer(VllmSettings settings, VllmRank[] ranks) =>
        ranks.Length == 1 ? new RoundRobinDealer(1) : new VllmDealer(ranks, settings.UsableBlocks);
}
