namespace Foretoken.Tuning.Running;

/// <summary>
/// Who need not be played any further: on the same slice of the same traffic somebody else was better by more than a slice can
/// be wrong. Common random numbers make slices comparable; margins shrink as slices grow.
/// </summary>
internal sealed class Race(IReadOnlyList<double> shares)
{
    private readonly List<(Contestant Who, double[] Costs, double Missed)>[] _seen = [.. shares.Select(_ => new List<(Contestant, double[], double)>())];

    /// <summary>Stages in all; the last is the whole traffic, and nobody is dropped there.</summary>
    public int Stages => shares.Count;

    /// <summary>Notes who was played over a stage.</summary>
    public void Seen(int stage, Contestant contestant, double[] costs, double missed) => _seen[stage].Add((contestant, costs, missed));

    /// <summary>Somebody who was clearly better on the stage than this one, or null.</summary>
    /// <param name="contestant">This one.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="own">Its objectives there, smaller is better.</param>
    /// <param name="missed">How far it missed the constraints there.</param>
    public Contestant? BetterThan(Contestant contestant, int stage, double[] own, double missed)
    {
        if (stage == shares.Count - 1)
        {
            return null;
        }

        // A tenth for a quarter of the traffic, a fifth for a sixteenth.
        var margin = 0.05 / Math.Sqrt(shares[stage]);
        foreach (var (other, theirs, misses) in _seen[stage])
        {
            if (other != contestant && (missed > misses + (2.5 * margin) || (misses <= missed && Dominates(theirs, own, margin))))
            {
                return other;
            }
        }

        return null;
    }

    // Equal where it is equal, and worse by more than the margin everywhere else, at least once.
    private static bool Dominates(double[] better, double[] worse, double margin)
    {
        var clearly = false;
        for (var i = 0; i < better.Length; i++)
        {
            var scale = Math.Max(Math.Abs(better[i]), Math.Abs(worse[i]));
            var gap = worse[i] - better[i];
            if (double.IsNaN(gap) || Math.Abs(gap) <= 1e-6 * scale)
            {
                continue;
            }

            if (gap <= margin * scale)
            {
                return false;
            }

            clearly = true;
        }

        return clearly;
    }
}
