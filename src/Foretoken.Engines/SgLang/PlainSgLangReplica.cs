using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// An SGLang engine in virtual time, one batch at a time: the reference for every faster engine.
/// </summary>
/// <remarks>
/// <para>
/// Without overlap the engine plans a batch, runs it, processes its result, and plans again. With overlap (the default) it
/// plans batch i+1 when batch i starts, before i's result is known: at the end of batch i-1 its result is processed, batch i
/// starts, arrivals of that moment join the queue, and batch i+1 is planned. From idle, two batches are planned at once. A
/// request that ends at a batch's result takes part in the batch after it once more, for nothing.
/// </para>
/// <para>
/// A declared output length is what the request will really generate. An aborted request leaves the queue at once; in a batch
/// it is dropped when its next token would come, and keeps its memory until then.
/// </para>
/// </remarks>
public sealed class PlainSgLangReplica : PlainReplica
{
    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings; those with <see cref="SgLangSettings.Problems"/> may make it fail.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the random queue order (stream <see cref="StreamId.Scheduling"/>) and of accepted drafts (<see cref="StreamId.Speculation"/>).</param>
    public PlainSgLangReplica(SgLangSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
        : base(CreateRanks(settings, recorder, seed), new RoundRobinDealer(settings.DpSize), settings.DisableOverlapSchedule ? 1 : 2, stepTime, recorder)
    {
    }

    internal SgLangScheduler Scheduler => ((SgLangRank)Ranks[0]).Scheduler;

    private static SgLangRank[] CreateRanks(SgLangSettings settings, ReplicaRecorder recorder, ulong seed)
    {
        var ranks = new SgLangRank[settings.DpSize];
        for (var r = 0; r < ranks.Length; r++)
        {
            ranks[r] = new SgLangRank(settings, recorder, seed, r);
        }

        return ranks;
    }
}
