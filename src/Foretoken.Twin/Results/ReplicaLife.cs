using Foretoken.Quantities;

namespace Foretoken.Twin.Results;

/// <summary>The turns of a replica's life; those that did not come are <see cref="SimTime.Never"/>. A replica of the first fleet serves from 0.</summary>
public sealed record ReplicaLife
{
    /// <summary>When it was asked for.</summary>
    public SimTime Requested { get; init; }

    /// <summary>When it got its GPUs and began to load: from here it is paid for.</summary>
    public SimTime Started { get; init; }

    /// <summary>When it had loaded.</summary>
    public SimTime Warmed { get; init; }

    /// <summary>When it began to take requests.</summary>
    public SimTime Served { get; init; }

    /// <summary>When it stopped taking new ones.</summary>
    public SimTime Drained { get; init; } = SimTime.Never;

    /// <summary>When it was gone, its GPUs free.</summary>
    public SimTime Gone { get; init; } = SimTime.Never;

    /// <summary>How long its GPUs were held in a run that ended at <paramref name="end"/>: loading and draining included, as a bill does.</summary>
    public SimDuration Paid(SimTime end)
    {
        var until = SimTime.Min(Gone, end);
        return Started >= until ? SimDuration.Zero : until - Started;
    }
}
