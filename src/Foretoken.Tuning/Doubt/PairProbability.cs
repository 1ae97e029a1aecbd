namespace Foretoken.Tuning.Doubt;

/// <summary>How surely one candidate beats another.</summary>
/// <param name="PerObjective">Probability that A is better, per objective; equal draws count half.</param>
/// <param name="All">Probability that A is nowhere worse and somewhere better.</param>
public sealed record PairProbability(double[] PerObjective, double All)
{
    /// <summary>Compares two candidates draw by draw, so that what they share cancels.</summary>
    public static PairProbability Of(JointDraws draws, IReadOnlyList<DoubtObjective> objectives, int a, int b) => Of(draws.Of(a), draws.Of(b), objectives);

    /// <summary>Compares two candidates by their draws.</summary>
    /// <param name="a">Draws of the first, by metric (<see cref="JointDraws.Of"/>).</param>
    /// <param name="b">Draws of the second.</param>
    /// <param name="objectives">What they are judged by.</param>
    public static PairProbability Of(double[][] a, double[][] b, IReadOnlyList<DoubtObjective> objectives)
    {
        var better = new double[objectives.Count];
        var dominates = 0;
        var draws = a[0].Length;
        for (var d = 0; d < draws; d++)
        {
            var nowhereWorse = true;
            var somewhereBetter = false;
            for (var k = 0; k < better.Length; k++)
            {
                var metric = objectives[k].Metric;
                var difference = (a[metric][d] - b[metric][d]) * (objectives[k].Maximise ? -1 : 1);
                better[k] += difference < 0 ? 1 : difference == 0 ? 0.5 : 0;
                nowhereWorse &= difference <= 0;
                somewhereBetter |= difference < 0;
            }

            dominates += nowhereWorse && somewhereBetter ? 1 : 0;
        }

        for (var k = 0; k < better.Length; k++)
        {
            better[k] /= draws;
        }

        return new PairProbability(better, (double)dominates / draws);
    }
}
