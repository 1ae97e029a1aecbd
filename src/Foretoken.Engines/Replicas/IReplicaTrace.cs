using Foretoken.Quantities;

namespace Foretoken.Engines.Replicas;

/// <summary>
/// Hears what happens inside a replica, in order. Only the plain engines speak: a run that somebody listens to is driven by
/// them. Nothing a listener does changes the run.
/// </summary>
public interface IReplicaTrace
{
    /// <summary>A request stands in the engine's queue. Those that the engine does not accept never do.</summary>
    void Queued(int worker, int request, SimTime at);

    /// <summary>A request's first step was planned.</summary>
    /// <param name="worker">The replica.</param>
    /// <param name="request">The request.</param>
    /// <param name="at">When.</param>
    /// <param name="cachedTokens">Prompt tokens found in the prefix cache.</param>
    void Admitted(int worker, int request, SimTime at, int cachedTokens);

    /// <summary>A request lost its memory (vLLM preempts, SGLang retracts, TensorRT-LLM pauses) and has to start over.</summary>
    void Preempted(int worker, int request, SimTime at);

    /// <summary>Bytes that a request needs begin to move: KV from another replica, or from a tier below the GPU's memory.</summary>
    /// <param name="request">The request.</param>
    /// <param name="what">What moves from where to where, in words.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="at">When.</param>
    void TransferStarted(int request, string what, long bytes, SimTime at);

    /// <summary>They are there. May be told a little later than it happened, but never after anything else about the request.</summary>
    void TransferEnded(int request, SimTime at);

    /// <summary>A forward pass starts.</summary>
    void StepStarted(in ReplicaStep step);

    /// <summary>Tokens came out of the step that ends at this moment; possibly one call per token.</summary>
    void Delivered(int worker, int request, int tokens, SimTime at);

    /// <summary>The forward pass that runs is over, its tokens are out, and the next one has not started.</summary>
    void StepEnded(int worker, SimTime at);

    /// <summary>How full the replica is now: after every submission, plan and step end.</summary>
    /// <param name="worker">The replica.</param>
    /// <param name="at">When.</param>
    /// <param name="running">Requests running.</param>
    /// <param name="waiting">Requests waiting in its queue.</param>
    /// <param name="kvBlocksUsed">KV blocks that requests hold.</param>
    void Loaded(int worker, SimTime at, int running, int waiting, int kvBlocksUsed);
}
