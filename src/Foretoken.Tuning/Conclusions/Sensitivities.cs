using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// How much each dimension moves each objective over the points that were played: the share of the variance of the objective's
/// ranks that lies between the dimension's values, less what chance alone would put there (epsilon squared), so that a dimension
/// with few points does not seem to decide everything. Ranks, so that one terrible candidate does not decide.
/// </summary>
internal static class Sensitivities
{
    /// <summary>One entry per dimension that took at least two values, most influential on the first objective first.</summary>
    /// <param name="knobs">What each point chose.</param>
    /// <param name="costs">Objectives of each point, smaller is better.</param>
    /// <param name="dimensions">Names of the dimensions.</param>
    public static IReadOnlyList<Sensitivity> Of(IReadOnlyList<IReadOnlyDictionary<string, string>> knobs, IReadOnlyList<double[]> costs, IEnumerable<string> dimensions)
    {
        if (costs.Count < 3)
        {
            return [];
        }

        var ranks = Enumerable.Range(0, costs[0].Length).Select(objective => Ranks([.. costs.Select(c => c[objective])])).ToList();
        var found = new List<Sensitivity>();
        foreach (var dimension in dimensions)
        {
            var groups = Enumerable.Range(0, knobs.Count).Where(i => knobs[i].ContainsKey(dimension)).GroupBy(i => knobs[i][dimension]).ToList();
            if (groups.Count >= 2)
            {
                found.Add(new Sensitivity(dimension, [.. ranks.Select(r => Share(r, groups))], [.. ranks.Select(r => groups.MinBy(g => (g.Average(i => r[i]), g.Key))!.Key)]));
            }
        }

        return [.. found.OrderByDescending(s => s.Shares[0]).ThenBy(s => s.Dimension, StringComparer.Ordinal)];
    }

    private static double Share(double[] ranks, List<IGrouping<string, int>> groups)
    {
        double all = 0, count = 0;
        foreach (var group in groups)
        {
            foreach (var i in group)
            {
                all += ranks[i];
                count++;
            }
        }

        var mean = all / count;
        double within = 0, between = 0;
        foreach (var group in groups)
        {
            var own = group.Average(i => ranks[i]);
            between += group.Count() * (own - mean) * (own - mean);
            within += group.Sum(i => (ranks[i] - own) * (ranks[i] - own));
        }

        if (count <= groups.Count || between + within <= 0)
        {
            return 0;
        }

        var chance = (groups.Count - 1) * within / (count - groups.Count);
        return Math.Max(0, (between - chance) / (between + within));
    }

    // Equal values share their mean rank.
    private static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (var from = 0; from < order.Length;)
        {
            var to = from;
            while (to < order.Length && values[order[to]] == values[order[from]])
            {
                to++;
            }

            for (var k = from; k < to; k++)
            {
                ranks[order[k]] = (from + to - 1) / 2.0;
            }

            from = to;
        }

        return ranks;
    }
}
