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
    private readonly TrtLlmRank _rank;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Scheduler and KV cache settings; those with <see cref="TrtLlmSettings.Problems"/> may make it fail.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    /// <param name="seed">Seed of the draft acceptance (stream <see cref="StreamId.Speculation"/>, one per request).</param>
    public PlainTrtLlmReplica(TrtLlmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed)
        : this(settings, new TrtLlmRank(settings, recorder, seed), stepTime, recorder)
    {
    }

    private PlainTrtLlmReplica(TrtLlmSettings settings, TrtLlmRank rank, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : base(rank, settings.DisableOverlapScheduler ? 1 : 2, stepTime, recorder) => _rank = rank;

    internal TrtLlmScheduler Scheduler => _rank.Scheduler;
}
