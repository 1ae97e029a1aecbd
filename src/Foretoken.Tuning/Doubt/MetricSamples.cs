namespace Foretoken.Tuning.Doubt;

/// <summary>What was simulated of one metric of one candidate.</summary>
/// <param name="Replications">Its value in each replication; replication r has the same traffic for all candidates.</param>
/// <param name="Multiplies">Whether its errors may be taken as factors: not where it was 0 in some run.</param>
public sealed record MetricSamples(double[] Replications, bool Multiplies = true)
{
    /// <summary>
    /// For an estimate that is the first run alone (the traffic as it was given), the others showing how far another day's would lie
    /// from it: its error is that of one run, not that of a mean. The spread is taken from the others, which know nothing of the first;
    /// with two runs from both.
    /// </summary>
    /// <param name="runs">At least one.</param>
    /// <param name="spread">How many times as far apart days are as these runs; 0: the runs tell nothing of that.</param>
    public static MetricSamples AroundFirst(double[] runs, double spread = 1)
    {
        var multiplies = Array.TrueForAll(runs, v => v > 0);
        if (spread == 0)
        {
            return new MetricSamples([runs[0]], multiplies);
        }

        var others = runs.Length > 2 ? runs[1..] : runs;
        var mean = MeanOf(others);
        var stretch = spread * Math.Sqrt(others.Length);

        // The mean of these is the first run, and its standard error the deviation of one.
        var relative = mean != 0 && runs[0] / mean > 0;
        return new MetricSamples([.. others.Select(v => runs[0] + (stretch * (v - mean) * (relative ? runs[0] / mean : 1)))], multiplies);
    }

    /// <summary>The mean; of equal values that value to the last digit, so that what does not vary is drawn without a spread.</summary>
    internal static double MeanOf(double[] values) => Array.TrueForAll(values, v => v == values[0]) ? values[0] : values.Average();
}
