namespace Foretoken.Tuning.Doubt;

/// <summary>What was simulated of one metric of one candidate.</summary>
/// <param name="Replications">Its value in each replication; replication r has the same traffic for all candidates.</param>
/// <param name="Within">For some or all replications, in their order, the draws of a <see cref="BlockBootstrap"/> that all candidates share; null or empty: the replications speak for themselves.</param>
/// <param name="Pieces"><see cref="BlockBootstrap.Pieces"/> of one replication; ignored without draws.</param>
public sealed record MetricSamples(double[] Replications, IReadOnlyList<double[]>? Within = null, double Pieces = 0)
{
    /// <summary>
    /// For an estimate that is the first run alone (the traffic as it was given), the others showing how far another day's would lie
    /// from it: its error is that of one run, not that of a mean. The spread is taken from the others, which know nothing of the first;
    /// with two runs from both.
    /// </summary>
    /// <param name="runs">At least one.</param>
    public static MetricSamples AroundFirst(double[] runs)
    {
        var others = runs.Length > 2 ? runs[1..] : runs;
        var mean = others.Average();
        var stretch = Math.Sqrt(others.Length);

        // The mean of these is the first run, and its standard error the deviation of one.
        var relative = mean != 0 && runs[0] / mean > 0;
        return new MetricSamples([.. others.Select(v => runs[0] + (stretch * (v - mean) * (relative ? runs[0] / mean : 1)))]);
    }
}
