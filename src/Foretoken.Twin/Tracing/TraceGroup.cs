using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Tracing;

/// <summary>Several listeners to one run; each hears everything, in the order of the list.</summary>
public sealed class TraceGroup(IReadOnlyList<RunTrace> listeners) : RunTrace
{
    /// <inheritdoc />
    public override void Arrived(in RequestSpec request)
    {
        foreach (var listener in listeners)
        {
            listener.Arrived(request);
        }
    }

    /// <inheritdoc />
    public override void Routed(int request, int worker, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.Routed(request, worker, at);
        }
    }

    /// <inheritdoc />
    public override void Explained(int request, string reason)
    {
        foreach (var listener in listeners)
        {
            listener.Explained(request, reason);
        }
    }

    /// <inheritdoc />
    public override void TransferStarted(int request, string what, long bytes, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.TransferStarted(request, what, bytes, at);
        }
    }

    /// <inheritdoc />
    public override void TransferEnded(int request, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.TransferEnded(request, at);
        }
    }

    /// <inheritdoc />
    public override void ReplicaAdded(int worker, PoolPlan pool)
    {
        foreach (var listener in listeners)
        {
            listener.ReplicaAdded(worker, pool);
        }
    }

    /// <inheritdoc />
    public override void ReplicaChanged(int worker, ReplicaState state, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.ReplicaChanged(worker, state, at);
        }
    }

    /// <inheritdoc />
    public override void Queued(int worker, int request, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.Queued(worker, request, at);
        }
    }

    /// <inheritdoc />
    public override void Admitted(int worker, int request, SimTime at, int cachedTokens)
    {
        foreach (var listener in listeners)
        {
            listener.Admitted(worker, request, at, cachedTokens);
        }
    }

    /// <inheritdoc />
    public override void Preempted(int worker, int request, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.Preempted(worker, request, at);
        }
    }

    /// <inheritdoc />
    public override void StepStarted(in ReplicaStep step)
    {
        foreach (var listener in listeners)
        {
            listener.StepStarted(step);
        }
    }

    /// <inheritdoc />
    public override void Delivered(int worker, int request, int tokens, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.Delivered(worker, request, tokens, at);
        }
    }

    /// <inheritdoc />
    public override void StepEnded(int worker, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.StepEnded(worker, at);
        }
    }

    /// <inheritdoc />
    public override void Loaded(int worker, SimTime at, int running, int waiting, int kvBlocksUsed)
    {
        foreach (var listener in listeners)
        {
            listener.Loaded(worker, at, running, waiting, kvBlocksUsed);
        }
    }

    /// <inheritdoc />
    public override void Ended(int worker, in RequestRecord record, SimTime at)
    {
        foreach (var listener in listeners)
        {
            listener.Ended(worker, record, at);
        }
    }

    /// <inheritdoc />
    public override void Finished(SimTime end)
    {
        foreach (var listener in listeners)
        {
            listener.Finished(end);
        }
    }
}
