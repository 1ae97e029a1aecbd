using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// How a number is distributed (token counts, turns, shares). Which properties belong to which shape stands at
/// <see cref="DistributionKind"/>; one that the shape does not use is a problem, not ignored. A cut-off means the
/// distribution given that the value lies inside: what lies outside is left out, not moved to the edge, so that
/// <c>mean</c> and <c>median</c> speak of the uncut distribution.
/// </summary>
public sealed record DistributionSpec
{
    /// <summary>The shape. Required.</summary>
    public DistributionKind Distribution { get; init; }

    /// <summary>The value of <c>fixed</c>.</summary>
    public double? Value { get; init; }

    /// <summary>Mean. Above 0.</summary>
    public double? Mean { get; init; }

    /// <summary>Coefficient of variation: standard deviation / mean. At least 0; for <c>normal</c> and <c>lognormal</c>.</summary>
    public double? Cv { get; init; }

    /// <summary>Standard deviation. At least 0; for <c>normal</c>, instead of <see cref="Cv"/>.</summary>
    public double? StandardDeviation { get; init; }

    /// <summary>Median. Above 0; for <c>lognormal</c>, together with <see cref="Sigma"/>.</summary>
    public double? Median { get; init; }

    /// <summary>Standard deviation of the logarithm. At least 0; for <c>lognormal</c>, together with <see cref="Mean"/> or <see cref="Median"/>.</summary>
    public double? Sigma { get; init; }

    /// <summary>Smallest value. Default: the smallest that makes sense where the distribution stands (1 token, 1 turn, share 0). Required for <c>uniform</c>.</summary>
    public double? Min { get; init; }

    /// <summary>Largest value. Default: the largest that makes sense (100 million tokens, share 1). Required for <c>uniform</c>.</summary>
    public double? Max { get; init; }

    /// <summary>Values of an <c>empirical</c> table.</summary>
    public IReadOnlyList<double>? Values { get; init; }

    /// <summary>How often each of <see cref="Values"/> comes, in any unit. Default: all equally often.</summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>Quantile table of an <c>empirical</c> distribution, from share 0 to share 1, instead of <see cref="Values"/>.</summary>
    public IReadOnlyList<QuantilePoint>? Quantiles { get; init; }

    /// <summary>Always the same value.</summary>
    public static DistributionSpec Fixed(double value) => new() { Distribution = DistributionKind.Fixed, Value = value };

    /// <summary>Every problem, with its path below <paramref name="place"/>; empty when it can be used.</summary>
    public IReadOnlyList<Problem> Validate(string place, ValueRange range) => DistributionRules.Check(this, place, range);
}
