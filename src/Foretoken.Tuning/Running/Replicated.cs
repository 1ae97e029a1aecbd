using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Running;

/// <summary>
/// Which finalists are worth replications when the front is longer than what a study replicates: for each objective those that
/// are best in it, then those that lie farthest from all that were taken, so that every other one has a near relative among them.
/// </summary>
internal static class Replicated
{
    /// <summary>At most <see cref="Study.Replicated"/> of them, or all.</summary>
    public static IReadOnlyList<Contestant> Of(IReadOnlyList<Contestant> finalists, Study study)
    {
        if (study.ReplicateAll || finalists.Count <= study.Replicated)
        {
            return finalists;
        }

        var taken = new List<Contestant>();
        var objectives = study.Objectives.Count;

        // Half of them at the ends: there the choice is made.
        for (var i = 0; i < objectives; i++)
        {
            var objective = i;
            var room = Math.Min(study.Replicated - taken.Count, Math.Max(1, study.Replicated / (2 * objectives)));
            taken.AddRange(finalists.Where(c => !taken.Contains(c)).OrderBy(c => c.Costs[objective]).ThenBy(c => c.Number).Take(room).ToList());
        }

        var scales = Enumerable.Range(0, objectives).Select(i => finalists.Max(c => c.Costs[i]) - finalists.Min(c => c.Costs[i])).ToArray();
        var nearest = finalists.Select(c => taken.Min(t => Distance(c, t, scales))).ToArray();
        while (taken.Count < study.Replicated)
        {
            var farthest = 0;
            for (var i = 1; i < nearest.Length; i++)
            {
                farthest = nearest[i] > nearest[farthest] ? i : farthest;
            }

            if (nearest[farthest] <= 0)
            {
                // Only copies of what was taken are left.
                break;
            }

            taken.Add(finalists[farthest]);
            for (var i = 0; i < nearest.Length; i++)
            {
                nearest[i] = Math.Min(nearest[i], Distance(finalists[i], finalists[farthest], scales));
            }
        }

        return taken;
    }

    private static double Distance(Contestant a, Contestant b, double[] scales)
    {
        double sum = 0;
        for (var i = 0; i < scales.Length; i++)
        {
            sum += scales[i] > 0 && double.IsFinite(scales[i]) ? Math.Abs(a.Costs[i] - b.Costs[i]) / scales[i] : 0;
        }

        return sum;
    }
}
