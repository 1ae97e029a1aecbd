namespace Foretoken.Tuning.Doubt;

/// <summary>How careful a race is.</summary>
public sealed record RaceOptions
{
    /// <summary>Probability that a given candidate is dropped wrongly in the whole race, at most; shared out evenly over looks and over all who might beat it.</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>How often the judge is asked.</summary>
    public int Looks { get; init; } = 4;

    /// <summary>By how much (as a share) somebody must be better in at least one objective for the difference to matter.</summary>
    public double Margin { get; init; } = 0.05;

    /// <summary>By how much somebody must be better in every uncertain objective while there are fewer than three values to tell the noise from.</summary>
    public double LoneMargin { get; init; } = 0.3;

    /// <summary>Per objective, whether it has no noise at all (a price, a number of GPUs) and may be compared as it is; null: none.</summary>
    public bool[]? Exact { get; init; }
}

/// <summary>
/// Who may leave a race early. Candidates are compared pairwise on the same traffic, slice by slice: what the slices have in common
/// cancels. A candidate leaves when another one is, with confidence, nowhere worse and somewhere better by a margin, or keeps
/// the constraints that it misses. Paired t bounds, shared out over all comparisons (Bonferroni); with fewer than three slices
/// there is no estimate of the noise, and only a large margin in everything counts.
/// </summary>
public static class RaceJudge
{
    /// <summary>Whether each candidate is beaten with confidence.</summary>
    /// <param name="costs">Per candidate and slice the objectives, minimised. Slice s is the same traffic for all; all have equally many.</param>
    /// <param name="violations">Per candidate and slice the sum of relative misses, 0 when the constraints are kept.</param>
    /// <param name="options">How careful to be.</param>
    public static bool[] Beaten(IReadOnlyList<double[][]> costs, IReadOnlyList<double[]> violations, RaceOptions? options = null)
    {
        options ??= new RaceOptions();
        var beaten = new bool[costs.Count];
        if (costs.Count == 0 || costs[0].Length == 0)
        {
            return beaten;
        }

        var slices = costs[0].Length;
        var rivals = Rivals(costs, violations);

        // All candidates count as rivals, not only those of the front: who is there was chosen by the same noise.
        var critical = slices < 3 ? double.NaN : StudentT.Quantile(1 - (options.Alpha / options.Looks / costs.Count), slices - 1);
        var differences = new double[slices];
        for (var b = 0; b < beaten.Length; b++)
        {
            foreach (var a in rivals)
            {
                if (a != b && Beats(costs, violations, a, b, critical, differences, options))
                {
                    beaten[b] = true;
                    break;
                }
            }
        }

        return beaten;
    }

    /// <summary>Only those that are on the front of the means can beat anybody first.</summary>
    private static List<int> Rivals(IReadOnlyList<double[][]> costs, IReadOnlyList<double[]> violations)
    {
        var means = new double[costs.Count][];
        var misses = new double[costs.Count];
        for (var c = 0; c < means.Length; c++)
        {
            means[c] = new double[costs[c][0].Length];
            foreach (var slice in costs[c])
            {
                for (var k = 0; k < means[c].Length; k++)
                {
                    means[c][k] += slice[k] / costs[c].Length;
                }
            }

            misses[c] = violations[c].Average();
        }

        var ranks = Objectives.NonDominatedSort.Ranks(means, misses);
        var rivals = new List<int>();
        for (var c = 0; c < ranks.Length; c++)
        {
            if (ranks[c] == 0)
            {
                rivals.Add(c);
            }
        }

        return rivals;
    }

    private static bool Beats(IReadOnlyList<double[][]> costs, IReadOnlyList<double[]> violations, int a, int b, double critical, double[] differences, RaceOptions options)
    {
        var slices = differences.Length;
        var missesOfA = violations[a].Max();
        if (missesOfA > 0 || violations[b].Max() > 0)
        {
            // Constraints first: b misses them for sure, a keeps them or misses them by less.
            for (var s = 0; s < slices; s++)
            {
                differences[s] = Math.Min(violations[b][s], 10) - Math.Min(violations[a][s], 10);
            }

            if (LowerBound(differences, critical, options.LoneMargin) >= options.Margin)
            {
                return true;
            }

            if (missesOfA > 0)
            {
                return false;
            }
        }

        var better = false;
        for (var k = 0; k < costs[a][0].Length; k++)
        {
            for (var s = 0; s < slices; s++)
            {
                differences[s] = Relative(costs[a][s][k], costs[b][s][k]);
            }

            var bound = options.Exact?[k] == true ? differences.Average() : LowerBound(differences, critical, options.LoneMargin);
            if (bound < 0)
            {
                return false;
            }

            better |= bound >= options.Margin;
        }

        return better;
    }

    /// <summary>A difference that the mean surely exceeds.</summary>
    private static double LowerBound(double[] differences, double critical, double loneMargin)
    {
        var mean = differences.Average();
        if (differences.Length < 3)
        {
            return differences.Min() >= loneMargin ? differences.Min() : double.NegativeInfinity;
        }

        double squares = 0;
        foreach (var difference in differences)
        {
            squares += (difference - mean) * (difference - mean);
        }

        return mean - (critical * Math.Sqrt(squares / (differences.Length - 1) / differences.Length));
    }

    /// <summary>(b - a) by the mean of their sizes: between -2 and 2 whatever they are, so that one wild slice cannot decide.</summary>
    private static double Relative(double a, double b)
    {
        if (a == b)
        {
            return 0;
        }

        if (!double.IsFinite(a) || !double.IsFinite(b))
        {
            return double.IsFinite(a) ? 2 : -2;
        }

        return 2 * (b - a) / (Math.Abs(a) + Math.Abs(b));
    }
}
