namespace Foretoken.Tuning.Objectives;

/// <summary>
/// How lonely each point of a front is: the sum over the objectives of the gap between its two neighbours, as a share of the
/// front's extent (Deb and others, NSGA-II, 2002). The ends of every objective have infinite distance.
/// </summary>
public static class CrowdingDistance
{
    /// <summary>The distance of each point.</summary>
    public static double[] Of(IReadOnlyList<double[]> points)
    {
        var distances = new double[points.Count];
        if (points.Count == 0)
        {
            return distances;
        }

        var order = new int[points.Count];
        for (var k = 0; k < points[0].Length; k++)
        {
            for (var i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            Array.Sort(order, (a, b) => points[a][k].CompareTo(points[b][k]) is var by and not 0 ? by : a - b);
            var extent = points[order[^1]][k] - points[order[0]][k];
            distances[order[0]] = double.PositiveInfinity;
            distances[order[^1]] = double.PositiveInfinity;
            for (var i = 1; i < order.Length - 1 && extent > 0; i++)
            {
                distances[order[i]] += (points[order[i + 1]][k] - points[order[i - 1]][k]) / extent;
            }
        }

        return distances;
    }
}
