using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>How a time is distributed (think times, tool calls, time to reuse). As <see cref="DistributionSpec"/>, in units of time.</summary>
public sealed record DurationSpec
{
    /// <summary>The shape. Required.</summary>
    public DistributionKind Distribution { get; init; }

    /// <summary>The value of <c>fixed</c>.</summary>
    public SimDuration? Value { get; init; }

    /// <summary>Mean. Above 0.</summary>
    public SimDuration? Mean { get; init; }

    /// <summary>Coefficient of variation: standard deviation / mean. At least 0; for <c>normal</c> and <c>lognormal</c>.</summary>
    public double? Cv { get; init; }

    /// <summary>Standard deviation; for <c>normal</c>, instead of <see cref="Cv"/>.</summary>
    public SimDuration? StandardDeviation { get; init; }

    /// <summary>Median. Above 0; for <c>lognormal</c>, together with <see cref="Sigma"/>.</summary>
    public SimDuration? Median { get; init; }

    /// <summary>Standard deviation of the natural logarithm. At least 0; for <c>lognormal</c>.</summary>
    public double? Sigma { get; init; }

    /// <summary>Shortest time. Default 0; required for <c>uniform</c>.</summary>
    public SimDuration? Min { get; init; }

    /// <summary>Longest time. Default 30 days; required for <c>uniform</c>.</summary>
    public SimDuration? Max { get; init; }

    /// <summary>Values of an <c>empirical</c> table.</summary>
    public IReadOnlyList<SimDuration>? Values { get; init; }

    /// <summary>How often each of <see cref="Values"/> comes, in any unit. Default: all equally often.</summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>Quantile table of an <c>empirical</c> distribution, from share 0 to share 1, instead of <see cref="Values"/>.</summary>
    public IReadOnlyList<DurationPoint>? Quantiles { get; init; }

    /// <summary>Always the same time.</summary>
    public static DurationSpec Fixed(SimDuration value) => new() { Distribution = DistributionKind.Fixed, Value = value };

    /// <summary>Every problem, with its path below <paramref name="place"/>; empty when it can be used.</summary>
    public IReadOnlyList<Problem> Validate(string place) => InSeconds().Validate(place, ValueRange.Seconds);

    /// <summary>The same distribution over numbers of seconds.</summary>
    internal DistributionSpec InSeconds() => new()
    {
        Distribution = Distribution,
        Value = Value?.TotalSeconds,
        Mean = Mean?.TotalSeconds,
        Cv = Cv,
        StandardDeviation = StandardDeviation?.TotalSeconds,
        Median = Median?.TotalSeconds,
        Sigma = Sigma,
        Min = Min?.TotalSeconds,
        Max = Max?.TotalSeconds,
        Values = Values?.Select(value => value.TotalSeconds).ToArray(),
        Weights = Weights,
        Quantiles = Quantiles?.Select(point => new QuantilePoint { Q = point.Q, Value = point.Value.TotalSeconds }).ToArray(),
    };
}
