using Foretoken.Quantities;
using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Tuning.Conclusions;

/// <summary>Runs of a candidate, its own or borrowed, reduced to the numbers whose doubt is asked for.</summary>
/// <param name="Number">The candidate's number.</param>
/// <param name="System">Place of the system whose errors it shares.</param>
/// <param name="Layout">Number of the layout with whom it shares the rest of them.</param>
/// <param name="PlayedOn">Place of the system whose median error the slower and faster runs were played with: the lender's.</param>
/// <param name="Replications">Numbers per replication, the first over the traffic as it was given.</param>
/// <param name="Slower">Numbers with longer steps; null where nobody played that.</param>
/// <param name="Faster">Numbers with shorter steps.</param>
/// <param name="Noise">Per number what else is not known, as the standard deviation of its logarithm.</param>
internal sealed record DoubtRuns(int Number, int System, int Layout, int PlayedOn, IReadOnlyList<double[]> Replications, double[]? Slower, double[]? Faster, double[]? Noise);

/// <summary>From runs to joint draws.</summary>
internal static class DoubtDraws
{
    /// <summary>The draws.</summary>
    /// <param name="measures">The numbers.</param>
    /// <param name="candidates">Candidates, each with as many numbers.</param>
    /// <param name="systems">What shares its step-time errors.</param>
    /// <param name="spread">The traffic's <see cref="Traffic.ReplicationSpread"/>.</param>
    /// <param name="seed">Of the study.</param>
    public static JointDraws Of(IReadOnlyList<Measure> measures, IReadOnlyList<DoubtRuns> candidates, IReadOnlyList<SystemError> systems, double spread, ulong seed)
    {
        var scales = systems.Select(s => ErrorFactor.FromMedian(s.Median ?? 0, StepTimeErrors.Shared)).ToList();
        ErrorFactor[] errors = systems.Any(s => s.Median is not null) ? [new ErrorFactor("step times", [.. scales.Select(s => s.Shared)], [.. scales.Select(s => s.Own)])] : [];
        return new JointDraws([.. measures.Select(m => new DoubtMetric(m.Text, true, [0]) { Least = 0, Most = m.Most })], [.. candidates.Select(c => Candidate(c, measures.Count, systems[c.PlayedOn].Median ?? 0, spread))], errors, seed);
    }

    private static DoubtCandidate Candidate(DoubtRuns runs, int numbers, double median, double spread)
    {
        MetricSamples[] samples = [.. Enumerable.Range(0, numbers).Select(m => MetricSamples.AroundFirst([.. runs.Replications.Select(r => r[m])], spread))];
        var loadings = runs.Slower is null ? null : samples.Select((s, m) => new[] { LoadingOf(runs, m, median, s.Multiplies) }).ToArray();
        return new DoubtCandidate(runs.System, samples, loadings, runs.Noise) { Layout = runs.Layout, Number = runs.Number };
    }

    // From runs with steps longer and shorter by twice the median error.
    private static Loading LoadingOf(DoubtRuns runs, int metric, double median, bool multiplies)
    {
        var error = 2 * median;
        var (nominal, slower, faster) = (runs.Replications[0][metric], runs.Slower![metric], runs.Faster![metric]);
        if (!(error > 0))
        {
            return default;
        }

        // Nothing fails and nothing is preempted, until it does: nobody knows from which error on, so half way.
        var dead = !multiplies && nominal == 0 ? median : 0;
        return new Loading(Slope(slower), -Slope(faster), dead);

        double Slope(double value) => multiplies
            ? value > 0 && double.IsFinite(value) ? DeterministicMath.Log(value / nominal) / error : 0
            : double.IsFinite(value) ? (value - nominal) / (error - dead) : 0;
    }
}
