namespace Foretoken.Tuning.Search;

/// <summary>
/// Guesses the objectives of points that were not run. It learns ranks instead of values: who beats whom does not change, and a
/// latency that explodes under overload does not drown the differences among good points.
/// </summary>
internal sealed class Surrogate
{
    private readonly Kriging _model;
    private readonly int _objectives;

    private Surrogate(Kriging model, int objectives, double[][] known)
    {
        _model = model;
        _objectives = objectives;
        Known = known;
    }

    /// <summary>What the model learned from: the objectives of the evaluations as ranks from 0 (best) to 1, in their order.</summary>
    public double[][] Known { get; }

    /// <summary>A model of these evaluations; null when none of them ran.</summary>
    public static Surrogate? Learn(SearchSpace space, List<Evaluation> from)
    {
        var objectives = 0;
        foreach (var evaluation in from)
        {
            objectives = evaluation.Ran ? evaluation.Objectives.Length : objectives;
        }

        if (objectives == 0)
        {
            return null;
        }

        // Two more outputs: whether the constraints are missed, and by how much compared with others.
        var rows = new double[from.Count][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new double[objectives + 2];
            rows[i][objectives] = from[i].Keeps ? 0 : 1;
        }

        var values = new double[rows.Length];
        for (var k = 0; k < objectives; k++)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                values[i] = from[i].Ran ? from[i].Objectives[k] : double.PositiveInfinity;
            }

            WriteRanks(values, rows, k);
        }

        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = from[i].Violation;
        }

        WriteRanks(values, rows, objectives + 1);
        var points = new List<int[]>(from.Count);
        foreach (var evaluation in from)
        {
            points.Add(evaluation.Point);
        }

        var known = new double[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            known[i] = rows[i].AsSpan(0, objectives).ToArray();
        }

        return new Surrogate(Kriging.Learn(space, points, rows), objectives, known);
    }

    /// <summary>The guess for a point: its objectives as ranks; returns its violation, 0 when it probably keeps the constraints.</summary>
    public double Predict(int[] point, out double[] objectives)
    {
        var all = new double[_objectives + 2];
        _model.Predict(point, all);
        objectives = all.AsSpan(0, _objectives).ToArray();
        return all[_objectives] < 0.5 ? 0 : Math.Max(all[_objectives + 1], 1e-9);
    }

    private static void WriteRanks(double[] values, double[][] rows, int column)
    {
        var order = new int[values.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => values[a].CompareTo(values[b]) is var by and not 0 ? by : a - b);
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end < order.Length && values[order[end]] == values[order[start]])
            {
                end++;
            }

            for (var i = start; i < end; i++)
            {
                rows[order[i]][column] = (start + end - 1) / 2.0 / Math.Max(1, order.Length - 1);
            }

            start = end;
        }
    }
}
