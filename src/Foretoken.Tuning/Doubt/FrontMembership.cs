namespace Foretoken.Tuning.Doubt;

/// <summary>In which draws each candidate keeps the constraints and is beaten by no other that keeps them.</summary>
public sealed class FrontMembership
{
    private readonly bool[][] _on;

    /// <summary>Looks at every draw.</summary>
    public FrontMembership(JointDraws draws, IReadOnlyList<DoubtObjective> objectives, IReadOnlyList<DoubtConstraint> constraints)
    {
        Draws = draws;
        _on = new bool[draws.Candidates][];
        Probabilities = new double[draws.Candidates];
        for (var c = 0; c < _on.Length; c++)
        {
            _on[c] = new bool[draws.Count];
        }

        var keeping = new List<int>();
        var costs = new double[draws.Candidates][];
        for (var c = 0; c < costs.Length; c++)
        {
            costs[c] = new double[objectives.Count];
        }

        for (var d = 0; d < draws.Count; d++)
        {
            keeping.Clear();
            for (var c = 0; c < draws.Candidates; c++)
            {
                if (!SloProbability.Keeps(draws, constraints, c, d))
                {
                    continue;
                }

                keeping.Add(c);
                for (var k = 0; k < objectives.Count; k++)
                {
                    costs[c][k] = draws[c, objectives[k].Metric][d] * (objectives[k].Maximise ? -1 : 1);
                }
            }

            foreach (var c in keeping)
            {
                var beaten = false;
                foreach (var other in keeping)
                {
                    if (other != c && Objectives.Dominance.Dominates(costs[other], costs[c]))
                    {
                        beaten = true;
                        break;
                    }
                }

                _on[c][d] = !beaten;
                Probabilities[c] += beaten ? 0 : 1;
            }
        }

        for (var c = 0; c < Probabilities.Length; c++)
        {
            Probabilities[c] /= draws.Count;
        }
    }

    /// <summary>The draws that were looked at.</summary>
    public JointDraws Draws { get; }

    /// <summary>Per candidate, the share of draws in which it is on the front.</summary>
    public double[] Probabilities { get; }

    /// <summary>Whether a candidate is on the front in a draw.</summary>
    public bool this[int candidate, int draw] => _on[candidate][draw];
}
