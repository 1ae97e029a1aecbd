using Foretoken.Accuracy;
using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Doubt;

/// <summary>In which draws each candidate keeps the constraints and is beaten by no other that keeps them.</summary>
public sealed class FrontMembership
{
    private const int DrawsAtOnce = 50;
    private readonly bool[][] _on;

    /// <summary>Looks at every draw.</summary>
    /// <param name="draws">The draws.</param>
    /// <param name="objectives">What candidates are judged by.</param>
    /// <param name="constraints">What they must keep.</param>
    /// <param name="remembered">Candidates, the first of the list, of whom it is kept in which draws they are on the front; null: all.</param>
    /// <param name="threads">Threads, at least 1; what comes out does not depend on them.</param>
    public FrontMembership(JointDraws draws, IReadOnlyList<DoubtObjective> objectives, IReadOnlyList<DoubtConstraint> constraints, int? remembered = null, int threads = 1)
    {
        Draws = draws;
        Probabilities = new double[draws.Candidates];
        SloProbabilities = new double[draws.Candidates];
        _on = new bool[remembered ?? draws.Candidates][];
        for (var c = 0; c < _on.Length; c++)
        {
            _on[c] = new bool[draws.Count];
        }

        var firsts = Enumerable.Range(0, (draws.Count + DrawsAtOnce - 1) / DrawsAtOnce).Select(i => i * DrawsAtOnce).ToList();
        var parts = ParallelRuns.Each(firsts, _ => 1, (first, _) => Part(first, Math.Min(draws.Count, first + DrawsAtOnce), objectives, constraints), threads);
        for (var c = 0; c < Probabilities.Length; c++)
        {
            Probabilities[c] = (double)parts.Sum(p => p.On[c]) / draws.Count;
            SloProbabilities[c] = (double)parts.Sum(p => p.Kept[c]) / draws.Count;
        }
    }

    /// <summary>The draws that were looked at.</summary>
    public JointDraws Draws { get; }

    /// <summary>Per candidate, the share of draws in which it is on the front.</summary>
    public double[] Probabilities { get; }

    /// <summary>Per candidate, the share of draws in which it keeps every constraint.</summary>
    public double[] SloProbabilities { get; }

    /// <summary>Candidates of whom it is kept in which draws they are on the front: the first of the list.</summary>
    public int Remembered => _on.Length;

    /// <summary>Whether a candidate is on the front in a draw.</summary>
    public bool this[int candidate, int draw] => _on[candidate][draw];

    private (int[] Kept, int[] On) Part(int first, int end, IReadOnlyList<DoubtObjective> objectives, IReadOnlyList<DoubtConstraint> constraints)
    {
        var (kept, on) = (new int[Draws.Candidates], new int[Draws.Candidates]);
        var values = new double[Draws.Metrics.Count];
        var costs = new double[Draws.Candidates][];
        for (var c = 0; c < costs.Length; c++)
        {
            costs[c] = new double[objectives.Count];
        }

        var keeping = new List<int>();
        var front = new List<int>();
        var sweep = new FrontSweep();
        for (var d = first; d < end; d++)
        {
            keeping.Clear();
            for (var c = 0; c < costs.Length; c++)
            {
                Draws.Fill(c, d, values);
                if (!Keeps(values, constraints))
                {
                    continue;
                }

                keeping.Add(c);
                kept[c]++;
                for (var k = 0; k < objectives.Count; k++)
                {
                    costs[c][k] = values[objectives[k].Metric] * (objectives[k].Maximise ? -1 : 1);
                }
            }

            sweep.Find(costs, keeping, front);
            foreach (var c in front)
            {
                on[c]++;
                if (c < _on.Length)
                {
                    _on[c][d] = true;
                }
            }
        }

        return (kept, on);
    }

    private static bool Keeps(double[] values, IReadOnlyList<DoubtConstraint> constraints)
    {
        foreach (var constraint in constraints)
        {
            var value = values[constraint.Metric];
            if (!(constraint.AtLeast ? value >= constraint.Bound : value <= constraint.Bound))
            {
                return false;
            }
        }

        return true;
    }
}
