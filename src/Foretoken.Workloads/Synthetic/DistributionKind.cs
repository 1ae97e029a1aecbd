namespace Foretoken.Workloads.Synthetic;

/// <summary>Shapes of a distribution. Each value is drawn with exactly one uniform number.</summary>
public enum DistributionKind
{
    /// <summary>Always <c>value</c>.</summary>
    Fixed,

    /// <summary>Every number from <c>min</c> to <c>max</c> equally likely (whole numbers where tokens or turns are counted).</summary>
    Uniform,

    /// <summary>Normal with <c>mean</c> and <c>standard_deviation</c> (or <c>cv</c>), cut off at <c>min</c> and <c>max</c>.</summary>
    Normal,

    /// <summary>Log-normal by <c>mean</c> and <c>cv</c>, or by <c>median</c> and <c>sigma</c>, cut off at <c>min</c> and <c>max</c>.</summary>
    Lognormal,

    /// <summary>Exponential with <c>mean</c>, cut off at <c>min</c> and <c>max</c>.</summary>
    Exponential,

    /// <summary>Geometric on 1, 2, 3, … with <c>mean</c> (at least 1), cut off at <c>min</c> and <c>max</c>.</summary>
    Geometric,

    /// <summary>A table: <c>values</c> with <c>weights</c>, or <c>quantiles</c> with straight lines between them.</summary>
    Empirical,
}
