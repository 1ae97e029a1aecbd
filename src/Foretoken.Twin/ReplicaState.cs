namespace Foretoken.Twin;

/// <summary>Where a replica is in its life. It only moves forward.</summary>
public enum ReplicaState : byte
{
    /// <summary>Asked for; no hardware yet.</summary>
    Requested,

    /// <summary>Has its GPUs: image, weights, compilation.</summary>
    Starting,

    /// <summary>Loaded, not ready yet: graph capture, first requests.</summary>
    Warming,

    /// <summary>Takes requests.</summary>
    Serving,

    /// <summary>Finishes what it has and takes nothing new.</summary>
    Draining,

    /// <summary>Gave its GPUs back.</summary>
    Gone,
}
