using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling;

/// <summary>What a scaler can know: counts of replicas now, figures at the age of the last scrape. True output lengths of unfinished requests are not in it.</summary>
public sealed record ScalingView
{
    /// <summary>When the decision is due.</summary>
    public required SimTime Now { get; init; }

    /// <summary>The pools that the scaler is responsible for, at least one.</summary>
    public required IReadOnlyList<PoolView> Pools { get; init; }
}
