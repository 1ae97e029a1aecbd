namespace Foretoken.Fleet.Scaling;

/// <summary>One pool as its scaler sees it.</summary>
public sealed record PoolView
{
    /// <summary>What never changes.</summary>
    public required PoolFacts Facts { get; init; }

    /// <summary>Fewest replicas allowed.</summary>
    public required int Minimum { get; init; }

    /// <summary>Most replicas allowed, by its own bound and by the quota.</summary>
    public required int Maximum { get; init; }

    /// <summary>Replicas that wait for a node.</summary>
    public int Requested { get; init; }

    /// <summary>Replicas that load.</summary>
    public int Starting { get; init; }

    /// <summary>Replicas that warm up.</summary>
    public int Warming { get; init; }

    /// <summary>Replicas that take requests.</summary>
    public int Serving { get; init; }

    /// <summary>Replicas that finish what they have.</summary>
    public int Draining { get; init; }

    /// <summary>Replicas wanted by the last decision. Unless it is given: all but the draining.</summary>
    public int Target
    {
        get => field < 0 ? Requested + Starting + Warming + Serving : field;
        init;
    } = -1;

    /// <summary>Whether what was decided last has not come to its end.</summary>
    public bool InTransition => Requested + Starting + Warming + Draining > 0;

    /// <summary>Requests that wait in front of the pool because no replica serves.</summary>
    public int Held { get; init; }

    /// <summary>What was scraped so far.</summary>
    public required MetricHistory History { get; init; }
}
