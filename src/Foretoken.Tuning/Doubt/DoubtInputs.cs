namespace Foretoken.Tuning.Doubt;

/// <summary>A metric whose doubt is asked for.</summary>
/// <param name="Name">For messages and tables.</param>
/// <param name="Positive">Whether it is a positive quantity whose errors multiply (a time, a speed, a cost) where its samples say so, too (<see cref="MetricSamples.Multiplies"/>); else they add (a count that may be 0).</param>
/// <param name="Loadings">By how many percent it changes when an error factor makes times 1 % longer, per <see cref="ErrorFactor"/>: 1 for the time itself, -1 for a speed, 0 when it does not matter. Only for positive metrics.</param>
public sealed record DoubtMetric(string Name, bool Positive, double[] Loadings)
{
    /// <summary>The least that it can be.</summary>
    public double Least { get; init; } = double.NegativeInfinity;

    /// <summary>The most that it can be.</summary>
    public double Most { get; init; } = double.PositiveInfinity;
}

/// <summary>A candidate.</summary>
/// <param name="Group">Index of what it shares its step-time errors with: one per system and backend.</param>
/// <param name="Metrics">One entry per metric.</param>
/// <param name="Loadings">Its own loadings in place of the metrics' (<see cref="DoubtMetric.Loadings"/>), per metric and error factor, where they were simulated: near its capacity a longer step costs more than its own length; null: the metrics'.</param>
/// <param name="Noise">Per metric the standard deviation of what else is not known of it, relative to its value and apart from everybody else's: that it was played over a part of the traffic only; null: nothing.</param>
public sealed record DoubtCandidate(int Group, MetricSamples[] Metrics, Loading[][]? Loadings = null, double[]? Noise = null)
{
    /// <summary>What it shares the own part of its step-time errors with: one per layout, so that those of one layout are off by as much; null: nothing.</summary>
    public int? Layout { get; init; }

    /// <summary>Whose noise it draws: the same number gives the same, whoever else is there; null: its place in the list.</summary>
    public int? Number { get; init; }
}

/// <summary>
/// How a metric of one candidate answers to an error, apart for longer and for shorter times: percent per percent where errors
/// multiply, the metric's unit per unit of the times' logarithm where they add.
/// </summary>
/// <param name="Slower">When times are longer than predicted.</param>
/// <param name="Faster">When they are shorter.</param>
/// <param name="Dead">Error, as a logarithm, up to which it does not answer at all: a count that is 0 does not grow from the first moment on.</param>
public readonly record struct Loading(double Slower, double Faster, double Dead = 0)
{
    /// <summary>Change of the metric's logarithm, or of the metric, at an error of the times' logarithm.</summary>
    public double At(double error) => error > 0 ? Slower * Math.Max(0, error - Dead) : Faster * Math.Min(0, error + Dead);
}

/// <summary>
/// How wrong predicted times of one kind (the first token, each further token) may be: the measured value is the predicted one
/// times exp(shared + own). The shared part is one draw per group, the own part one per layout.
/// </summary>
/// <param name="Name">For tables.</param>
/// <param name="Shared">Scale of the shared part of the logarithm, per group.</param>
/// <param name="Own">Scale of the own part, per group of the candidate.</param>
/// <param name="Degrees">Degrees of freedom of Student's t, the errors' distribution, at least 1; above 30 they are normal.</param>
public sealed record ErrorFactor(string Name, double[] Shared, double[] Own, int Degrees = 4)
{
    /// <summary>
    /// Splits a published median absolute error (as a share, 0.04 for 4 %) of a group into the two parts.
    /// </summary>
    /// <param name="median">Median absolute relative error.</param>
    /// <param name="sharedShare">Share of the variance that all configurations of the group have in common, 0 to 1.</param>
    /// <param name="degrees">Degrees of freedom.</param>
    public static (double Shared, double Own) FromMedian(double median, double sharedShare, int degrees = 4)
    {
        // Half of all errors are below the upper quartile of the distribution of either sign.
        var scale = median / StudentT.Quantile(0.75, degrees);
        return (scale * Math.Sqrt(sharedShare), scale * Math.Sqrt(1 - sharedShare));
    }
}

/// <summary>What a candidate is judged by.</summary>
/// <param name="Metric">Index of the metric.</param>
/// <param name="Maximise">Whether more is better.</param>
public sealed record DoubtObjective(int Metric, bool Maximise);

/// <summary>What a candidate must keep.</summary>
/// <param name="Metric">Index of the metric.</param>
/// <param name="AtLeast">Whether the bound is the least allowed; else the most.</param>
/// <param name="Bound">The bound itself still keeps it.</param>
public sealed record DoubtConstraint(int Metric, bool AtLeast, double Bound);
