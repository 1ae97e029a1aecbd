using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// What is handed over. The recommended one first: of those that probably keep the SLO the best in the first objective; then others
/// that differ. Where nothing keeps it, those that miss it by least.
/// </summary>
internal static class Shortlist
{
    // Probability of keeping the SLO from which on only the objectives count.
    private const double Sure = 0.9;

    /// <summary>Those that keep the constraints and are beaten by nobody who does.</summary>
    public static HashSet<Contestant> Front(IReadOnlyList<Contestant> finished)
    {
        var keeping = finished.Where(c => c.Violation == 0).ToList();
        return [.. ParetoFront.Of([.. keeping.Select(c => c.Costs)]).Select(i => keeping[i])];
    }

    /// <summary>The shortlist.</summary>
    public static IReadOnlyList<Contestant> Of(Study study, IReadOnlyList<Contestant> finalists, IReadOnlyList<Contestant> finished, IReadOnlySet<Contestant> front, Verdicts? verdicts)
    {
        var pool = finalists.Where(front.Contains).ToList();
        if (pool.Count == 0)
        {
            return [.. finished.OrderBy(c => c.Violation).ThenBy(c => c.Number).Take(study.Shortlist)];
        }

        var sure = pool.Where(c => Odds(c).Slo >= Sure).ToList();
        var first = sure.Count > 0
            ? sure.Aggregate((a, b) => Lexicographic.Compare(b.Costs, a.Costs) < 0 ? b : a)
            : pool.OrderByDescending(c => Odds(c).Slo).ThenBy(c => c.Costs[0]).ThenBy(c => c.Number).First();
        var list = new List<Contestant> { first };

        // Then the best of each other objective, then the likeliest of the front.
        for (var i = 1; i < study.Objectives.Count && list.Count < study.Shortlist; i++)
        {
            var objective = i;
            var best = (sure.Count > 0 ? sure : pool).OrderBy(c => c.Costs[objective]).ThenBy(c => c.Number).First();
            if (!list.Contains(best))
            {
                list.Add(best);
            }
        }

        list.AddRange(pool.Where(c => !list.Contains(c)).OrderByDescending(c => Odds(c).Slo * Odds(c).Front).ThenBy(c => c.Number).Take(Math.Max(0, study.Shortlist - list.Count)));
        return list;

        (double Slo, double Front) Odds(Contestant contestant) => verdicts?.Odds(contestant) ?? (double.NaN, double.NaN);
    }
}
