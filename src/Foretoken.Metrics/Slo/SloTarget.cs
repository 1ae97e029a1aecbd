namespace Foretoken.Metrics.Slo;

/// <summary>One promise over the whole run, for example "p95 of time_to_first_token is at most 2,000 ms".</summary>
public sealed record SloTarget
{
    /// <summary>Tag of a metric of the catalogue that has a better direction: lower ones are bounded above, higher ones below.</summary>
    public required string Metric { get; init; }

    /// <summary>Percentile that is bounded, 0 to 100. Null: the mean, and for single-valued metrics the value.</summary>
    public double? Percentile { get; init; }

    /// <summary>The bound, in the metric's unit. Exactly the bound still meets it.</summary>
    public required double Bound { get; init; }

    /// <summary>Name of the workload class whose requests are meant; null: all requests.</summary>
    public string? Class { get; init; }
}

/// <summary>What a single request must meet to be a good one (goodput).</summary>
/// <param name="Metric">Tag of a per-request metric that has a better direction.</param>
/// <param name="Bound">The bound, in the metric's unit. Exactly the bound still meets it.</param>
/// <param name="Class">Name of the workload class whose requests it is for, in place of the general one of the same metric; null: all requests.</param>
public sealed record SloRequestBound(string Metric, double Bound, string? Class = null);
