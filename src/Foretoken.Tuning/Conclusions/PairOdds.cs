using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Conclusions;

/// <summary>How surely any candidate of a finished study beats any other, drawn again from what the study kept.</summary>
public static class PairOdds
{
    /// <summary>Per objective the probability that A is better than B, equal draws counting half; null where nothing is known of one of them.</summary>
    /// <param name="result">The study.</param>
    /// <param name="a">A candidate.</param>
    /// <param name="b">Another.</param>
    public static IReadOnlyList<double>? Of(TuningResult result, CandidateResult a, CandidateResult b)
    {
        if (result.Doubt is not { } doubt || RunsOf(result, doubt, a) is not { } left || RunsOf(result, doubt, b) is not { } right)
        {
            return null;
        }

        var draws = DoubtDraws.Of([.. result.Objectives.Select(o => o.Measure)], [left, right], doubt.Systems, doubt.Spread, (ulong)result.Seed);
        return PairProbability.Of(draws, [.. result.Objectives.Select((o, i) => new DoubtObjective(i, o.Maximise))], 0, 1).PerObjective;
    }

    private static DoubtRuns? RunsOf(TuningResult result, DoubtRecord doubt, CandidateResult candidate)
    {
        var lender = candidate.DoubtFrom is { } number ? result.Candidates[number - 1] : candidate;
        var samples = doubt.Samples.FirstOrDefault(s => s.Candidate == lender.Number);
        double[] own = [.. candidate.Objectives.Select(o => o.Value)];
        if (samples is null || candidate.System is not { } system || candidate.Layout is not { } layout || lender.System is not { } playedOn || !Array.TrueForAll(own, double.IsFinite))
        {
            return null;
        }

        var seen = candidate == lender ? new Observed(samples.Replications, samples.Slower, samples.Faster, null) : Observed.Borrowed(own, samples);
        return new DoubtRuns(candidate.Number, system, layout, playedOn, seen.Replications, seen.Slower, seen.Faster, candidate.Noise?.ToArray());
    }
}
