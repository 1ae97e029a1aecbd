namespace Foretoken.Tuning.Running;

/// <summary>
/// Who need not be played any further: on the same slice of the same traffic somebody else was worse in nothing, and better in
/// something by more than slices are wrong. How wrong they are is learnt from those that were played to the end
/// (<see cref="SliceNoise"/>); common random numbers make slices comparable.
/// </summary>
internal sealed class Race(IReadOnlyList<double> shares, int objectives)
{
    private readonly List<(Contestant Who, double[] Costs, double Missed)>[] _seen = [.. shares.Select(_ => new List<(Contestant, double[], double)>())];
    private readonly SliceNoise[] _noise = [.. shares.Select(s => new SliceNoise(objectives, Unlearnt(s)))];

    /// <summary>Notes who was played over a stage.</summary>
    public void Seen(int stage, Contestant contestant, double[] costs, double missed) => _seen[stage].Add((contestant, costs, missed));

    /// <summary>Learns from one that kept the constraints over the whole traffic how far its slices were off.</summary>
    /// <param name="stages">Its objectives by stage, the last the whole traffic; smaller is better.</param>
    public void Learn(IReadOnlyList<double[]> stages)
    {
        for (var stage = 0; stage < shares.Count - 1; stage++)
        {
            _noise[stage].Learn(stages[stage], stages[^1]);
        }
    }

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

        var allowed = 2.5 * Unlearnt(shares[stage]);
        var noise = _noise[stage].Margins();
        foreach (var (other, theirs, misses) in _seen[stage])
        {
            if (other != contestant && (missed > misses + allowed || (misses <= missed && Dominates(theirs, own, noise))))
            {
                return other;
            }
        }

        return null;
    }

    /// <summary>Relative margin between two candidates over a share of the traffic, until enough is known: a tenth for a quarter, a fifth for a sixteenth.</summary>
    public static double Unlearnt(double share) => 0.05 / Math.Sqrt(share);

    private static bool Dominates(double[] better, double[] worse, double[] noise)
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

            if (gap < 0)
            {
                return false;
            }

            clearly |= gap > noise[i] * scale;
        }

        return clearly;
    }
}
