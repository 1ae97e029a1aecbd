using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>
/// How a router queues: in bands by priority, each with a bound; the most urgent band that has anybody goes first, one request per
/// beat and one per arrival, while the workers are not saturated.
/// </summary>
public sealed record FlowRules
{
    /// <summary>Time between two looks whether the next request may go.</summary>
    public required SimDuration Beat { get; init; }

    /// <summary>A request that has waited so long is given up; null: never.</summary>
    public SimDuration? Patience { get; init; }

    /// <summary>Most requests that wait in a band; null: no bound.</summary>
    public int? BandMost { get; init; }

    /// <summary>Most requests that wait in a band of sheddable ones; null: no bound.</summary>
    public int? SheddableBandMost { get; init; }

    /// <summary>Whether sessions of a band take turns, instead of everybody in the order of arrival.</summary>
    public bool TakesTurns { get; init; }

    /// <summary>Whether saturation follows from the router's own counts, and so changes whenever a request ends; otherwise only with a poll.</summary>
    public bool FollowsEnds { get; init; }
}
