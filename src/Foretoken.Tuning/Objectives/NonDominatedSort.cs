namespace Foretoken.Tuning.Objectives;

/// <summary>
/// Fronts behind fronts: rank 0 is beaten by nobody, rank 1 only by rank 0, and so on. Efficient non-dominated sort with
/// binary search (Zhang, Tian, Cheng, Jin: "An efficient approach to nondominated sorting", 2015): in lexicographic order a
/// point can only be beaten by earlier ones, and its front is found by halving.
/// </summary>
public static class NonDominatedSort
{
    /// <summary>The rank of each point; equal points share theirs.</summary>
    public static int[] Ranks(IReadOnlyList<double[]> points)
    {
        var ranks = new int[points.Count];
        var all = new int[points.Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = i;
        }

        Sort(points, all, ranks);
        return ranks;
    }

    /// <summary>
    /// The rank of each point under constraints: first the fronts of those that keep all of them, then the others in order of
    /// their violation, equal violations sharing a rank.
    /// </summary>
    public static int[] Ranks(IReadOnlyList<double[]> points, IReadOnlyList<double> violations)
    {
        var ranks = new int[points.Count];
        var keeping = new List<int>();
        var missing = new List<int>();
        for (var i = 0; i < ranks.Length; i++)
        {
            (violations[i] > 0 ? missing : keeping).Add(i);
        }

        var next = Sort(points, keeping.ToArray(), ranks);
        missing.Sort((a, b) => violations[a] != violations[b] ? violations[a].CompareTo(violations[b]) : a - b);
        for (var i = 0; i < missing.Count; i++)
        {
            next += i > 0 && violations[missing[i]] > violations[missing[i - 1]] ? 1 : 0;
            ranks[missing[i]] = next;
        }

        return ranks;
    }

    /// <summary>Writes the ranks of the chosen points; returns the number of fronts.</summary>
    private static int Sort(IReadOnlyList<double[]> points, int[] chosen, int[] ranks)
    {
        if (chosen.Length == 0)
        {
            return 0;
        }

        var width = points[chosen[0]].Length;
        Array.Sort(chosen, (a, b) => Lexicographic.Compare(points[a], points[b]) is var order and not 0 ? order : a - b);
        var flat = new double[chosen.Length * width];
        for (var i = 0; i < chosen.Length; i++)
        {
            points[chosen[i]].CopyTo(flat, i * width);
        }

        // Members of each front, by their place in the sorted order.
        var fronts = new List<List<int>>();
        for (var i = 0; i < chosen.Length; i++)
        {
            var point = flat.AsSpan(i * width, width);
            if (i > 0 && point.SequenceEqual(flat.AsSpan((i - 1) * width, width)))
            {
                // The twin before it already stands for both.
                ranks[chosen[i]] = ranks[chosen[i - 1]];
                continue;
            }

            var low = 0;
            var high = fronts.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (Beaten(flat, width, fronts[middle], point))
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            if (low == fronts.Count)
            {
                fronts.Add([]);
            }

            fronts[low].Add(i);
            ranks[chosen[i]] = low;
        }

        return fronts.Count;
    }

    private static bool Beaten(double[] flat, int width, List<int> front, ReadOnlySpan<double> point)
    {
        // Of two objectives the last member has the smallest second one: it beats if anybody does.
        var oldest = width == 2 ? front.Count - 1 : 0;
        for (var m = front.Count - 1; m >= oldest; m--)
        {
            var start = front[m] * width;
            var k = 1;
            while (k < width && flat[start + k] <= point[k])
            {
                k++;
            }

            if (k == width)
            {
                return true;
            }
        }

        return false;
    }
}
