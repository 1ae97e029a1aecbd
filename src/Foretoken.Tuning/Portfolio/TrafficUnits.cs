using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Portfolio;

/// <summary>Requests that stay together, and what tells one kind of them from another.</summary>
/// <param name="Rows">Rows of the trace: a session, or a request on its own.</param>
/// <param name="Features">One value per feature of <see cref="TrafficUnits"/>.</param>
internal sealed record TrafficUnit(List<int> Rows, double[] Features);

/// <summary>A trace as units with features.</summary>
internal static class TrafficUnits
{
    /// <summary>Logarithm of the mean prompt, logarithm of the mean answer, share of turns that continue a session, share of the prompts that others have as well.</summary>
    public const int Features = 4;

    // What is less apart than this is the same: a third of a length, a seventh of a share.
    private static readonly double[] Least = [0.35, 0.35, 0.15, 0.15];

    /// <summary>The smallest deviation that a feature is measured by, so that noise in a constant does not become a difference.</summary>
    public static double LeastDeviation(int feature) => Least[feature];

    /// <summary>Units of the first rows of a trace, in order of their first row.</summary>
    public static List<TrafficUnit> Of(Trace trace, int rows)
    {
        var units = new List<List<int>>();
        var sessions = new Dictionary<int, List<int>>();
        for (var row = 0; row < rows; row++)
        {
            var session = trace.Sessions?[row] ?? -1;
            if (session >= 0 && sessions.TryGetValue(session, out var known))
            {
                known.Add(row);
                continue;
            }

            List<int> unit = [row];
            units.Add(unit);
            if (session >= 0)
            {
                sessions.Add(session, unit);
            }
        }

        var shared = Shared(trace, rows);
        return [.. units.Select(u => new TrafficUnit(u, Of(trace, u, shared)))];
    }

    /// <summary>Prompt tokens of each row that another row begins with as well.</summary>
    public static int[] Shared(Trace trace, int rows)
    {
        var shared = new int[rows];
        if (trace.Tree is null || trace.Contents is null)
        {
            return shared;
        }

        var seen = new int[trace.Tree.Count];
        for (var row = 0; row < rows; row++)
        {
            foreach (var node in trace.Contents[row].Path.Span)
            {
                seen[node]++;
            }
        }

        var ends = trace.Tree.Ends;
        for (var row = 0; row < rows; row++)
        {
            foreach (var node in trace.Contents[row].Path.Span)
            {
                if (seen[node] < 2)
                {
                    break;
                }

                shared[row] = Math.Min(ends[node], trace.InputTokens[row]);
            }
        }

        return shared;
    }

    private static double[] Of(Trace trace, List<int> rows, int[] shared)
    {
        double inputs = 0, outputs = 0, others = 0;
        foreach (var row in rows)
        {
            inputs += trace.InputTokens[row];
            outputs += trace.OutputTokens[row];
            others += shared[row];
        }

        return
        [
            DeterministicMath.Log(Math.Max(1, inputs / rows.Count)),
            DeterministicMath.Log(Math.Max(1, outputs / rows.Count)),
            (rows.Count - 1) / (double)rows.Count,
            inputs > 0 ? others / inputs : 0,
        ];
    }
}
