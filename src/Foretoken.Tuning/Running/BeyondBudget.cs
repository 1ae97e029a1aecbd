using System.Globalization;
using Foretoken.Accuracy;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Space;
using Foretoken.Twin;

namespace Foretoken.Tuning.Running;

/// <summary>Where nothing inside the budget keeps the SLO: how many replicas of the nearest candidates would.</summary>
internal static class BeyondBudget
{
    // Beyond that something else than capacity is in the way.
    private static readonly int[] Multiples = [2, 3, 4, 6, 8, 12, 16];

    // So many sizes at a time, whatever the number of threads: what is played does not depend on the machine.
    private const int Batch = 4;

    /// <summary>Sentences on what a larger budget would change.</summary>
    /// <param name="nearest">The nearest candidates.</param>
    /// <param name="factory">Makes the larger ones.</param>
    /// <param name="play">Plays the whole traffic, or knows what came out.</param>
    /// <param name="judge">What judges them.</param>
    /// <param name="threads">Runs at a time.</param>
    /// <param name="stop">Stops everything.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Contestant> nearest, CandidateFactory factory, Func<Candidate, RunControl, RunOutcome> play, Judge judge, int threads, CancellationToken stop)
    {
        // The smallest first; what grows beyond what a scenario can hold is not among them.
        var sizes = nearest
            .SelectMany(c => Multiples.Select(m => (Multiple: m, Larger: factory.Larger(c.Candidate, m))))
            .Where(s => s.Larger is not null)
            .OrderBy(s => s.Larger!.Gpus).ThenBy(s => s.Multiple)
            .ToList();
        foreach (var batch in sizes.Chunk(Batch))
        {
            var outcomes = ParallelRuns.Each(batch, s => s.Larger!.Gpus, (s, control) => play(s.Larger!, control), threads, stop: stop);
            for (var i = 0; i < batch.Length; i++)
            {
                if (judge.Violation(outcomes[i].Values) == 0)
                {
                    var (multiple, larger) = batch[i];
                    return [string.Create(CultureInfo.InvariantCulture, $"{larger!.Gpus} GPUs would keep it: {larger.Title}, {multiple} times the replicas of the nearest candidate of that layout.")];
                }
            }
        }

        return sizes.Count == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"Even {sizes.Max(s => s.Multiple)} times the replicas of the nearest candidates would not keep it: it is not capacity that is missing.")];
    }
}
