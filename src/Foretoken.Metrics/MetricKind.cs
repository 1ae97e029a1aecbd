namespace Foretoken.Metrics;

/// <summary>What a metric's numbers are taken over.</summary>
public enum MetricKind
{
    /// <summary>One value per answered request; statistics are exact.</summary>
    PerRequest,

    /// <summary>Many values per request, pooled over all requests; percentiles come from a histogram (at most 0.1 % off).</summary>
    Pooled,

    /// <summary>One value for the whole run.</summary>
    PerRun,
}

/// <summary>Which direction is good, where one is.</summary>
public enum MetricDirection
{
    /// <summary>Neither: a description of the load.</summary>
    None,

    /// <summary>Smaller is better.</summary>
    Lower,

    /// <summary>Larger is better.</summary>
    Higher,
}
