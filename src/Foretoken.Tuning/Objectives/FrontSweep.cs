namespace Foretoken.Tuning.Objectives;

/// <summary>
/// The front of many points that are all there, again and again: the same points as <see cref="ParetoFront.Of"/>. In lexicographic
/// order nobody is beaten by who comes after; with up to three objectives those that came before are kept as a staircase of the second
/// and the third, so that one look tells (H. T. Kung, F. Luccio, F. P. Preparata, "On Finding the Maxima of a Set of Vectors", 1975).
/// </summary>
internal sealed class FrontSweep
{
    // Second objective ascending, third descending: what lies on or above the stairs is beaten.
    private readonly List<double> _second = [];
    private readonly List<double> _third = [];

    /// <summary>Finds the front.</summary>
    /// <param name="costs">Objectives of all points, smaller is better; no NaN.</param>
    /// <param name="points">Indices of those that count; they are put in order.</param>
    /// <param name="front">Becomes the indices of those that nothing beats. Equal points all stay.</param>
    public void Find(double[][] costs, List<int> points, List<int> front)
    {
        _second.Clear();
        _third.Clear();
        front.Clear();
        points.Sort((a, b) => Lexicographic.Compare(costs[a], costs[b]) is var order and not 0 ? order : a - b);
        for (var first = 0; first < points.Count;)
        {
            var point = costs[points[first]];
            var end = first + 1;
            while (end < points.Count && Lexicographic.Compare(point, costs[points[end]]) == 0)
            {
                end++;
            }

            if (!(point.Length <= 3 ? IsBeaten(point) : front.Exists(other => Dominance.Dominates(costs[other], point))))
            {
                front.AddRange(points[first..end]);
                Build(point);
            }

            first = end;
        }
    }

    private bool IsBeaten(double[] point)
    {
        var (second, third) = Rest(point);
        var step = FirstAbove(second) - 1;
        return step >= 0 && _third[step] <= third;
    }

    private void Build(double[] point)
    {
        var (second, third) = Rest(point);
        var at = FirstAbove(second);
        if (at > 0 && _second[at - 1] == second)
        {
            at--;
        }

        var end = at;
        while (end < _third.Count && _third[end] >= third)
        {
            end++;
        }

        _second.RemoveRange(at, end - at);
        _third.RemoveRange(at, end - at);
        _second.Insert(at, second);
        _third.Insert(at, third);
    }

    private static (double Second, double Third) Rest(double[] point) => (point.Length > 1 ? point[1] : 0, point.Length > 2 ? point[2] : 0);

    private int FirstAbove(double second)
    {
        var (low, high) = (0, _second.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_second[middle] <= second)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
