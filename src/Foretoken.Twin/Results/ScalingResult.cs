using Foretoken.Quantities;

namespace Foretoken.Twin.Results;

/// <summary>What scalers and planned changes did.</summary>
public sealed record ScalingResult
{
    /// <summary>Every change of a pool's wanted replicas, in order.</summary>
    public required IReadOnlyList<ScalingEvent> Events { get; init; }

    /// <summary>Decisions that were taken, those without a change included.</summary>
    public required long Decisions { get; init; }

    /// <summary>Requests that had to wait because no replica served.</summary>
    public required long HeldRequests { get; init; }

    /// <summary>Why the run could not go on; null when it could.</summary>
    public string? Stalled { get; init; }

    /// <summary>What looking ahead took; null when nobody did.</summary>
    public LookAheadCost? LookAhead { get; init; }
}

/// <summary>A change of how many replicas are wanted.</summary>
/// <param name="At">When.</param>
/// <param name="Pool">Number of the pool.</param>
/// <param name="From">Replicas wanted before: all but the draining.</param>
/// <param name="To">Replicas wanted from then on.</param>
/// <param name="Reason">Why.</param>
public sealed record ScalingEvent(SimTime At, int Pool, int From, int To, string Reason);

/// <summary>What looking ahead took.</summary>
/// <param name="Futures">Futures that were played.</param>
/// <param name="Seconds">Virtual seconds played in them, over all.</param>
/// <param name="Requests">Requests played in them.</param>
public sealed record LookAheadCost(long Futures, double Seconds, long Requests)
{
    /// <summary>What two scalers took together.</summary>
    public static LookAheadCost operator +(LookAheadCost a, LookAheadCost b) => new(a.Futures + b.Futures, a.Seconds + b.Seconds, a.Requests + b.Requests);
}
