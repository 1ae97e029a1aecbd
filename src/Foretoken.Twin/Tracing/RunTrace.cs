using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Tracing;

/// <summary>
/// Hears what happens in a run (<see cref="RunPlan.Trace"/>), in the order of virtual time; a moment's events come in the order
/// in which they happen. Every method does nothing until it is overridden. A listener changes nothing in the run.
/// </summary>
/// <remarks>
/// A request's life, as it is told: <see cref="Arrived"/>, <see cref="Routed"/>, <see cref="Queued"/>, <see cref="Admitted"/>, its shares of
/// <see cref="StepStarted"/>, <see cref="Delivered"/>, possibly <see cref="Preempted"/> and shares again, and
/// <see cref="Ended"/>, always the last. One that is handed on to another replica is queued there again.
/// </remarks>
public abstract class RunTrace : IReplicaTrace
{
    /// <summary>A request arrived from its client.</summary>
    public virtual void Arrived(in RequestSpec request)
    {
    }

    /// <summary>A request was given to a replica: at once, or after it had been held at the router.</summary>
    public virtual void Routed(int request, int worker, SimTime at)
    {
    }

    /// <summary>A request has to wait at the router.</summary>
    public virtual void Held(int request, string reason, SimTime at)
    {
    }

    /// <summary>The router refused a request, or gave it up; its end comes next.</summary>
    public virtual void Shed(int request, string reason, SimTime at)
    {
    }

    /// <summary>Why: what the router compared, in words; heard before <see cref="Routed"/> where the policy can say.</summary>
    public virtual void Explained(int request, string reason)
    {
    }

    /// <inheritdoc />
    public virtual void TransferStarted(int request, string what, long bytes, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void TransferEnded(int request, SimTime at)
    {
    }

    /// <summary>There is another replica; those that serve from the beginning are heard of before anything else.</summary>
    /// <param name="worker">Its number.</param>
    /// <param name="pool">What it was made from.</param>
    public virtual void ReplicaAdded(int worker, PoolPlan pool)
    {
    }

    /// <summary>A replica moved on in its life.</summary>
    public virtual void ReplicaChanged(int worker, ReplicaState state, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void Queued(int worker, int request, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void Admitted(int worker, int request, SimTime at, int cachedTokens)
    {
    }

    /// <inheritdoc />
    public virtual void Preempted(int worker, int request, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void StepStarted(in ReplicaStep step)
    {
    }

    /// <inheritdoc />
    public virtual void Delivered(int worker, int request, int tokens, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void StepEnded(int worker, SimTime at)
    {
    }

    /// <inheritdoc />
    public virtual void Loaded(int worker, SimTime at, int running, int waiting, int kvBlocksUsed)
    {
    }

    /// <summary>A request reached its outcome.</summary>
    /// <param name="worker">The replica that had it.</param>
    /// <param name="record">What became of it, as its client saw it: times include the way back.</param>
    /// <param name="at">When the engine was done with it.</param>
    public virtual void Ended(int worker, in RequestRecord record, SimTime at)
    {
    }

    /// <summary>The run is over.</summary>
    public virtual void Finished(SimTime end)
    {
    }
}
