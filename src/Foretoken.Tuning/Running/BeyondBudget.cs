using System.Globalization;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Space;
using Foretoken.Twin;

namespace Foretoken.Tuning.Running;

/// <summary>Where nothing inside the budget keeps the SLO: how many replicas of the nearest candidates would.</summary>
internal static class BeyondBudget
{
    // Beyond that something else than capacity is in the way.
    private static readonly int[] Multiples = [2, 3, 4, 6, 8, 12, 16];

    /// <summary>Sentences on what a larger budget would change.</summary>
    /// <param name="nearest">The nearest candidates.</param>
    /// <param name="runner">What plays them.</param>
    /// <param name="judge">What judges them.</param>
    /// <param name="stop">Stops everything.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Contestant> nearest, CandidateRunner runner, Judge judge, CancellationToken stop)
    {
        (Candidate Candidate, int Multiple)? best = null;
        foreach (var contestant in nearest)
        {
            foreach (var multiple in Multiples)
            {
                stop.ThrowIfCancellationRequested();
                if (best is { } known && contestant.Candidate.Gpus * multiple >= known.Candidate.Gpus * known.Multiple)
                {
                    break;
                }

                var larger = Scaled(contestant.Candidate, multiple);
                var control = new RunControl();
                using var registration = stop.Register(control.RequestStop);
                if (judge.Violation(runner.Run(larger, RunAddress.Whole(0), control).Values) == 0)
                {
                    best = (contestant.Candidate, multiple);
                    break;
                }
            }
        }

        if (best is var (candidate, times))
        {
            var scaled = Scaled(candidate, times);
            return [string.Create(CultureInfo.InvariantCulture, $"{scaled.Gpus} GPUs would keep it: {CandidateTitle.Of(scaled.Model)}, {times} times the replicas of the nearest candidate of that layout.")];
        }

        return nearest.Count == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"Even {Multiples[^1]} times the replicas of the nearest candidates would not keep it: it is not capacity that is missing.")];
    }

    private static Candidate Scaled(Candidate candidate, int multiple)
    {
        var model = candidate.Model with { Pools = [.. candidate.Model.Pools.Select(p => p with { Replicas = p.Replicas * multiple })] };
        return candidate with { Model = model, Gpus = candidate.Gpus * multiple, HourPrice = candidate.HourPrice * multiple };
    }
}
