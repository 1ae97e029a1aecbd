namespace Foretoken.Tuning.Objectives;

/// <summary>
/// The volume that a set of points beats, up to a reference point that is worse than all of them: one number for how good a
/// front is. Exact. Two objectives by a sweep, three by a sweep over the third with a staircase of the other two, more by
/// leaving out one objective after the other: sorted by the last, each point adds its slab, less what the better ones of the
/// slab already hold (the recursion of While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes", 2012).
/// </summary>
public static class Hypervolume
{
    /// <summary>The volume between <paramref name="points"/> and <paramref name="reference"/>, all objectives minimised. Points that do not beat the reference in every objective add nothing.</summary>
    /// <exception cref="ArgumentException">A point has another number of objectives than the reference.</exception>
    public static double Of(IReadOnlyList<double[]> points, double[] reference)
    {
        var inside = new List<double[]>(points.Count);
        foreach (var point in points)
        {
            if (point.Length != reference.Length)
            {
                throw new ArgumentException($"A point with {point.Length} objectives, the reference has {reference.Length}.", nameof(points));
            }

            var beats = true;
            for (var k = 0; k < point.Length; k++)
            {
                beats &= point[k] < reference[k];
            }

            if (beats)
            {
                inside.Add(point);
            }
        }

        return Volume(inside, reference, reference.Length);
    }

    private static double Volume(List<double[]> points, double[] reference, int objectives) => points.Count == 0 ? 0 : objectives switch
    {
        1 => Length(points, reference),
        2 => Area(points, reference),
        3 => Sweep(points, reference),
        _ => Slabs(points, reference, objectives - 1),
    };

    private static double Length(List<double[]> points, double[] reference)
    {
        var best = reference[0];
        foreach (var point in points)
        {
            best = Math.Min(best, point[0]);
        }

        return reference[0] - best;
    }

    private static double Area(List<double[]> points, double[] reference)
    {
        points.Sort((a, b) => a[0].CompareTo(b[0]));
        double area = 0;
        var lowest = reference[1];
        foreach (var point in points)
        {
            if (point[1] < lowest)
            {
                area += (reference[0] - point[0]) * (lowest - point[1]);
                lowest = point[1];
            }
        }

        return area;
    }

    private static double Sweep(List<double[]> points, double[] reference)
    {
        points.Sort((a, b) => a[2].CompareTo(b[2]));
        var stairs = new Staircase(reference[0], reference[1]);
        double volume = 0;
        for (var i = 0; i < points.Count; i++)
        {
            stairs.Add(points[i][0], points[i][1]);
            volume += stairs.Area * ((i + 1 < points.Count ? points[i + 1][2] : reference[2]) - points[i][2]);
        }

        return volume;
    }

    private static double Slabs(List<double[]> points, double[] reference, int last)
    {
        // Worst first in the last objective: in a point's slab all later ones reach through its whole height.
        points.Sort((a, b) => b[last].CompareTo(a[last]));
        double volume = 0;
        var limited = new List<double[]>(points.Count);
        for (var i = 0; i < points.Count; i++)
        {
            double own = 1;
            for (var k = 0; k < last; k++)
            {
                own *= reference[k] - points[i][k];
            }

            limited.Clear();
            for (var j = i + 1; j < points.Count; j++)
            {
                var limit = new double[last];
                for (var k = 0; k < last; k++)
                {
                    limit[k] = Math.Max(points[i][k], points[j][k]);
                }

                limited.Add(limit);
            }

            if (last > 3)
            {
                Thin(limited);
            }

            volume += (own - Volume(limited, reference, last)) * (reference[last] - points[i][last]);
        }

        return volume;
    }

    /// <summary>Leaves out what another point beats or equals: limited points mostly are.</summary>
    private static void Thin(List<double[]> points)
    {
        points.Sort((a, b) => Lexicographic.Compare(a, b));
        var kept = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var needed = true;
            for (var j = 0; j < kept && needed; j++)
            {
                needed = !Dominance.Dominates(points[j], points[i]) && !points[j].AsSpan().SequenceEqual(points[i]);
            }

            if (needed)
            {
                points[kept++] = points[i];
            }
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    /// <summary>The area that points of the plane beat, as they come: corners with x ascending and y descending.</summary>
    private sealed class Staircase(double right, double top)
    {
        private readonly List<(double X, double Y)> _corners = [];

        public double Area { get; private set; }

        public void Add(double x, double y)
        {
            var low = 0;
            var high = _corners.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_corners[middle].X <= x)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            // Corners before `low` are not to the right of x; the last of them is the lowest.
            var above = low == 0 ? top : _corners[low - 1].Y;
            if (above <= y)
            {
                return;
            }

            // Strip by strip from x to the right, until a corner that is lower than y.
            var from = x;
            var end = low;
            while (end < _corners.Count && _corners[end].Y >= y)
            {
                Area += (_corners[end].X - from) * (above - y);
                (from, above) = _corners[end];
                end++;
            }

            Area += ((end < _corners.Count ? _corners[end].X : right) - from) * (above - y);
            var first = low > 0 && _corners[low - 1].X == x ? low - 1 : low;
            _corners.RemoveRange(first, end - first);
            _corners.Insert(first, (x, y));
        }
    }
}
