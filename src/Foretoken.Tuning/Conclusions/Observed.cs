using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// What the runs of a candidate showed of its doubt. One that was played only once, or over a part of the traffic, borrows it from its
/// nearest relative that was replicated: its own numbers, varied by the factors by which the relative's varied over the same traffic
/// and the same errors.
/// </summary>
/// <param name="Replications">Numbers per replication, the first over the traffic as it was given: what it is estimated to come to.</param>
/// <param name="Slower">Numbers with longer steps; null where nobody played that.</param>
/// <param name="Faster">Numbers with shorter steps.</param>
/// <param name="Lender">Whose doubt it is; null: its own.</param>
/// <param name="Noise">Per number the standard deviation of the logarithm by which the estimate may be off besides; null: the whole traffic was played.</param>
internal sealed record Observed(IReadOnlyList<double[]> Replications, double[]? Slower, double[]? Faster, Contestant? Lender, double[]? Noise = null)
{
    /// <summary>A candidate's own runs.</summary>
    public static Observed Own(Contestant contestant) => new(contestant.Replications, contestant.Slower, contestant.Faster, null);

    /// <summary>Numbers of its own, and the variation of another's.</summary>
    /// <param name="own">What the candidate comes to over the whole traffic.</param>
    /// <param name="noise">By how much that may be off; null: not at all.</param>
    /// <param name="lender">Who was replicated.</param>
    public static Observed Borrowed(double[] own, double[]? noise, Contestant lender) =>
        Borrowed(own, new DoubtSamples(lender.Number, lender.Replications, lender.Slower, lender.Faster)) with { Lender = lender, Noise = noise };

    /// <summary>The same from what a study kept of the lender.</summary>
    public static Observed Borrowed(double[] own, DoubtSamples theirs)
    {
        var first = theirs.Replications[0];
        return new Observed([.. theirs.Replications.Select(Varied)], theirs.Slower is null ? null : Varied(theirs.Slower), theirs.Faster is null ? null : Varied(theirs.Faster), null);

        double[] Varied(double[] run) => [.. own.Select((value, i) => Proportion.Of(value, first[i], run[i]))];
    }
}
