using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;

namespace Foretoken.Twin.Scaling;

/// <summary>What a scaler that looks ahead knows of the run.</summary>
internal interface IFutureSource
{
    /// <summary>Requests that came so far. As a number no request of the run has it, nor any after it.</summary>
    int Arrived { get; }

    /// <summary>Prompt and answer lengths of requests that finished lately.</summary>
    IReadOnlyList<(int Input, int Output)> Lengths { get; }

    /// <summary>GPUs that may be added before the quota is reached.</summary>
    long FreeGpus { get; }

    /// <summary>The fleet at this moment.</summary>
    FutureStart Begin(SimTime now);
}

/// <summary>The fleet as futures begin with it.</summary>
internal sealed record FutureStart
{
    /// <summary>All pools, by number.</summary>
    public required IReadOnlyList<FuturePool> Pools { get; init; }

    /// <summary>The replicas that serve, drain or come, by number.</summary>
    public required IReadOnlyList<FutureReplica> Replicas { get; init; }

    /// <summary>The requests under way that no copied replica has, in the order in which they are to go on.</summary>
    public required IReadOnlyList<FutureRequest> Requests { get; init; }

    /// <summary>A number that no request of the run has, and none after it.</summary>
    public required int FirstFreeRequest { get; init; }

    /// <summary>When a request of the run arrived, by its number.</summary>
    public required Func<int, SimTime> Arrival { get; init; }

    /// <summary>How prompts and answers are divided; null where they are not.</summary>
    public DisaggregationPlan? Disaggregation { get; init; }

    /// <summary>Seed of the engines' own random decisions.</summary>
    public ulong Seed { get; init; }
}

/// <summary>A pool as futures begin with it.</summary>
/// <param name="Plan">What new replicas are made from.</param>
/// <param name="StartUp">How long a new one takes, as far as is known beforehand.</param>
internal sealed record FuturePool(PoolPlan Plan, SimDuration StartUp);

/// <summary>A replica as futures begin with it.</summary>
/// <param name="Worker">Its number.</param>
/// <param name="Pool">Number of its pool.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Serves">When it serves, as far as is known.</param>
/// <param name="Plan">What it is made from.</param>
/// <param name="Copied">The running one, where it can be copied as it is; null where it is made anew.</param>
/// <param name="Recorder">What that one writes down.</param>
internal sealed record FutureReplica(int Worker, int Pool, ReplicaState State, SimTime Serves, PoolPlan Plan, ICopyableReplica? Copied, ReplicaRecorder? Recorder);

/// <summary>Where a request under way stands when futures begin.</summary>
internal enum FutureStage : byte
{
    /// <summary>No replica was chosen yet.</summary>
    Waits,

    /// <summary>Its prompt is to be computed, or is being computed.</summary>
    Prompt,

    /// <summary>Its prompt is computed, and its KV has to go to another replica.</summary>
    Sent,

    /// <summary>It generates.</summary>
    Answer,
}

/// <summary>A request under way.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Generated">Answer tokens that are there.</param>
/// <param name="Stage">Where it stands.</param>
/// <param name="Worker">The replica that has it; -1 where one has to be chosen.</param>
internal readonly record struct FutureRequest(int Index, int Input, int Generated, FutureStage Stage, int Worker);
