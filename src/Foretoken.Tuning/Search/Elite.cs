using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Search;

/// <summary>
/// Which points to keep as parents: front by front, and of the first front that does not fit those that lie farthest from each
/// other. (NSGA-II's crowding distance, which does the same for two objectives, fails for three: neighbours in one objective
/// may be far apart in the others.)
/// </summary>
internal static class Elite
{
    /// <summary>Up to <paramref name="size"/> evaluations, best first.</summary>
    public static List<Evaluation> Choose(List<Evaluation> from, int size)
    {
        var objectives = new double[from.Count][];
        var violations = new double[from.Count];
        for (var i = 0; i < from.Count; i++)
        {
            objectives[i] = from[i].Objectives;
            violations[i] = from[i].Violation;
        }

        var chosen = new List<Evaluation>(size);
        foreach (var index in Choose(objectives, violations, size))
        {
            chosen.Add(from[index]);
        }

        return chosen;
    }

    /// <summary>Indices of the chosen points, best first. Points of <paramref name="present"/> count as chosen before: what lies far from them goes first.</summary>
    public static List<int> Choose(double[][] objectives, double[] violations, int size, IReadOnlyList<double[]>? present = null)
    {
        var ranks = NonDominatedSort.Ranks(objectives, violations);
        var order = new int[ranks.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => ranks[a] != ranks[b] ? ranks[a] - ranks[b] : a - b);
        var chosen = new List<int>(size);
        for (var start = 0; start < order.Length && chosen.Count < size;)
        {
            var end = start;
            while (end < order.Length && ranks[order[end]] == ranks[order[start]])
            {
                end++;
            }

            Spread(objectives, order.AsSpan(start, end - start), size - chosen.Count, present ?? [], chosen);
            start = end;
        }

        return chosen;
    }

    /// <summary>
    /// Indices of the points that reach farthest beyond what is there, best first: always the one for which the nearest of
    /// <paramref name="present"/> and of those chosen before would have to be improved most to be no worse (the additive epsilon
    /// indicator, Zitzler and others 2003). What lies in a gap of the front counts as well as what lies before it. Points that miss the
    /// constraints come after the others.
    /// </summary>
    public static List<int> Beyond(double[][] objectives, double[] violations, int count, IReadOnlyList<double[]> present)
    {
        var keeping = new List<int>();
        for (var i = 0; i < objectives.Length; i++)
        {
            if (violations[i] == 0)
            {
                keeping.Add(i);
            }
        }

        var gains = new double[keeping.Count];
        for (var c = 0; c < gains.Length; c++)
        {
            gains[c] = double.MaxValue;
            foreach (var other in present)
            {
                gains[c] = Math.Min(gains[c], Gain(objectives[keeping[c]], other));
            }
        }

        var chosen = new List<int>(count);
        while (chosen.Count < Math.Min(count, keeping.Count))
        {
            var best = 0;
            for (var c = 1; c < gains.Length; c++)
            {
                best = gains[c] > gains[best] ? c : best;
            }

            var taken = objectives[keeping[best]];
            chosen.Add(keeping[best]);
            for (var c = 0; c < gains.Length; c++)
            {
                gains[c] = c == best ? double.NegativeInfinity : Math.Min(gains[c], Gain(objectives[keeping[c]], taken));
            }
        }

        if (chosen.Count < count && keeping.Count < objectives.Length)
        {
            int[] missing = [.. Enumerable.Range(0, objectives.Length).Where(i => violations[i] != 0)];
            foreach (var index in Choose([.. missing.Select(i => objectives[i])], [.. missing.Select(i => violations[i])], count - chosen.Count))
            {
                chosen.Add(missing[index]);
            }
        }

        return chosen;

        static double Gain(double[] point, double[] other)
        {
            var gain = double.NegativeInfinity;
            for (var k = 0; k < point.Length; k++)
            {
                gain = Math.Max(gain, other[k] - point[k]);
            }

            return gain;
        }
    }

    /// <summary>Adds up to <paramref name="count"/> of a front: the best of each objective, then always the one farthest from all before.</summary>
    private static void Spread(double[][] objectives, ReadOnlySpan<int> front, int count, IReadOnlyList<double[]> present, List<int> chosen)
    {
        var width = objectives[front[0]].Length;
        var low = new double[width];
        var scale = new double[width];
        for (var k = 0; k < width; k++)
        {
            var high = double.NegativeInfinity;
            low[k] = double.PositiveInfinity;
            foreach (var i in front)
            {
                if (double.IsFinite(objectives[i][k]))
                {
                    low[k] = Math.Min(low[k], objectives[i][k]);
                    high = Math.Max(high, objectives[i][k]);
                }
            }

            scale[k] = high > low[k] ? 1 / (high - low[k]) : 0;
        }

        // Distance of each to the nearest chosen one; infinite for the ends, which go first.
        var gaps = new double[front.Length];
        for (var f = 0; f < front.Length; f++)
        {
            gaps[f] = double.MaxValue;
            foreach (var other in present)
            {
                gaps[f] = Math.Min(gaps[f], Distance(objectives[front[f]], other, scale));
            }
        }

        for (var k = 0; k < width && present.Count == 0; k++)
        {
            var best = 0;
            for (var f = 1; f < front.Length; f++)
            {
                best = objectives[front[f]][k] < objectives[front[best]][k] ? f : best;
            }

            gaps[best] = double.PositiveInfinity;
        }

        for (var n = 0; n < count && n < front.Length; n++)
        {
            var next = 0;
            for (var f = 1; f < front.Length; f++)
            {
                next = gaps[f] > gaps[next] ? f : next;
            }

            chosen.Add(front[next]);
            gaps[next] = double.NegativeInfinity;
            for (var f = 0; f < front.Length; f++)
            {
                if (gaps[f] is > double.NegativeInfinity and < double.PositiveInfinity)
                {
                    gaps[f] = Math.Min(gaps[f], Distance(objectives[front[f]], objectives[front[next]], scale));
                }
            }
        }
    }

    private static double Distance(double[] a, double[] b, double[] scale)
    {
        double sum = 0;
        for (var k = 0; k < a.Length; k++)
        {
            var gap = scale[k] == 0 ? 0 : (a[k] - b[k]) * scale[k];
            sum += double.IsFinite(gap) ? gap * gap : 1;
        }

        return sum;
    }
}
