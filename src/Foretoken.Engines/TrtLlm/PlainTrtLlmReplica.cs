using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm;

/// <summary>
/// A TensorRT-LLM engine (PyTorch backend) in virtual time, one step at a time: the reference for every faster engine.
/// </summary>
/// <remarks>
/// With the overlap scheduler (the default) step i+1 is planned when step i starts, before i's result is known
/// (PyExecutor._executor_loop_overlap). A request whose last token is in flight for certain is not planned again. A paused
/// request gives its blocks back at once, keeps the token in flight, and may start over in the plan after that.
/// </remarks>
public sealed class PlainTrtLlmReplica : PlainReplica
{
    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings; those with <see cref="TrtLlmSettings.Problems"/> may make it fail.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the draft acceptance (stream <see cref="StreamId.Speculation"/>, one per request).</param>
    public PlainTrtLlmReplica(TrtLlmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
        : this(settings, CreateRanks(settings, recorder, seed), stepTime, recorder)
    {
    }

    private PlainTrtLlmReplica(TrtLlmSettings settings, TrtLlmRank[] ranks, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : base(ranks, CreateDealer(settings, ranks), settings.DisableOverlapScheduler ? 1 : 2, stepTime, recorder)
    {
    }

    internal TrtLlmScheduler Scheduler => ((TrtLlmRank)Ranks[0]).Scheduler;

    private static TrtLlmRank[] CreateRanks(TrtLlmSettings settings, ReplicaRecorder recorder, ulong seed)
    {
        var ranks = new TrtLlmRank[settings.AttentionDpSize];
        for (var r = 0; r < ranks.Length; r++)
        {
            ranks[r] = new TrtLlmRank(settings, recorder, seed);
        }

        return ranks;
    }

    private static IRankDealer CreateDealer(TrtLlmSettings settings, TrtLlmRank[] ranks) =>
        ranks.Length == 1 ? new RoundRobinDealer(1) : new TrtLlmDealer(ranks, settings.MaxBatchSize);
}
