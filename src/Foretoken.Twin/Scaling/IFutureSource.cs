using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <summary>What futures are played from: the state of one pool at this moment.</summary>
internal interface IFutureSource
{
    /// <summary>What its replicas are made from.</summary>
    PoolPlan Pool { get; }

    /// <summary>How long a new replica takes, as far as is known beforehand.</summary>
    SimDuration StartUp { get; }

    /// <summary>Prompt and answer lengths of requests that finished lately.</summary>
    IReadOnlyList<(int Input, int Output)> Lengths { get; }

    /// <summary>Its replicas that serve, drain or come, by number.</summary>
    IReadOnlyList<FutureReplica> Replicas();

    /// <summary>When a request of the run arrived.</summary>
    SimTime Arrival(int request);

    /// <summary>A number that no request of the run has, and none after it.</summary>
    int FirstFreeRequest { get; }

    /// <summary>A new, idle replica for a future.</summary>
    IReplica Create(ReplicaRecorder recorder);
}

/// <summary>A replica as a future begins with it.</summary>
/// <param name="Worker">Its number.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Serves">When it serves, as far as is known; now for one that does.</param>
/// <param name="Replica">The running one; null when it has not begun to serve.</param>
/// <param name="Recorder">What that one writes down.</param>
internal sealed record FutureReplica(int Worker, ReplicaState State, SimTime Serves, ICopyableReplica? Replica, ReplicaRecorder? Recorder);
