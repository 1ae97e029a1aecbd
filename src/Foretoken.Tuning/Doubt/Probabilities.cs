namespace Foretoken.Tuning.Doubt;

/// <summary>How surely the constraints are kept.</summary>
public static class SloProbability
{
    /// <summary>Per candidate, the share of draws in which it keeps every constraint.</summary>
    public static double[] Of(JointDraws draws, IReadOnlyList<DoubtConstraint> constraints)
    {
        var probabilities = new double[draws.Candidates];
        for (var c = 0; c < probabilities.Length; c++)
        {
            var kept = 0;
            for (var d = 0; d < draws.Count; d++)
            {
                kept += Keeps(draws, constraints, c, d) ? 1 : 0;
            }

            probabilities[c] = (double)kept / draws.Count;
        }

        return probabilities;
    }

    internal static bool Keeps(JointDraws draws, IReadOnlyList<DoubtConstraint> constraints, int candidate, int draw)
    {
        foreach (var constraint in constraints)
        {
            var value = draws[candidate, constraint.Metric][draw];
            if (!(constraint.AtLeast ? value >= constraint.Bound : value <= constraint.Bound))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>How surely one candidate beats another.</summary>
/// <param name="PerObjective">Probability that A is better, per objective; equal draws count half.</param>
/// <param name="All">Probability that A is nowhere worse and somewhere better.</param>
public sealed record PairProbability(double[] PerObjective, double All)
{
    /// <summary>Compares two candidates draw by draw, so that what they share cancels.</summary>
    public static PairProbability Of(JointDraws draws, IReadOnlyList<DoubtObjective> objectives, int a, int b)
    {
        var better = new double[objectives.Count];
        var dominates = 0;
        for (var d = 0; d < draws.Count; d++)
        {
            var nowhereWorse = true;
            var somewhereBetter = false;
            for (var k = 0; k < better.Length; k++)
            {
                var difference = (draws[a, objectives[k].Metric][d] - draws[b, objectives[k].Metric][d]) * (objectives[k].Maximise ? -1 : 1);
                better[k] += difference < 0 ? 1 : difference == 0 ? 0.5 : 0;
                nowhereWorse &= difference <= 0;
                somewhereBetter |= difference < 0;
            }

            dominates += nowhereWorse && somewhereBetter ? 1 : 0;
        }

        for (var k = 0; k < better.Length; k++)
        {
            better[k] /= draws.Count;
        }

        return new PairProbability(better, (double)dominates / draws.Count);
    }
}
