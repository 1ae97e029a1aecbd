using Foretoken.Quantities;
using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>From what was observed to what the doubt is drawn from: the same for intervals, odds and pairs.</summary>
internal sealed class DoubtModel
{
    private readonly Study _study;
    private readonly MeasureSet _measures;
    private readonly Observations _observations;
    private readonly double _spread;
    private readonly Dictionary<string, int> _groups = [];
    private readonly IReadOnlyList<ErrorFactor> _errors;

    /// <summary>The doubt of a study.</summary>
    /// <param name="study">The study.</param>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="observations">What is known of everybody.</param>
    /// <param name="contestants">Everybody, by number: groups are numbered in this order.</param>
    /// <param name="spread">The traffic's <see cref="Traffic.ReplicationSpread"/>.</param>
    public DoubtModel(Study study, MeasureSet measures, Observations observations, IReadOnlyList<Contestant> contestants, double spread)
    {
        _study = study;
        _measures = measures;
        _observations = observations;
        _spread = spread;
        var medians = new List<double>();
        foreach (var contestant in contestants.Where(c => observations.Of(c) is not null))
        {
            if (_groups.TryAdd(Carriers.Group(contestant), medians.Count))
            {
                medians.Add(Median(contestant));
            }
        }

        _errors = study.ModelError
            ? [new ErrorFactor("step times", [.. medians.Select(m => ErrorFactor.FromMedian(m, StepTimeErrors.Shared).Shared)], [.. medians.Select(m => ErrorFactor.FromMedian(m, StepTimeErrors.Shared).Own)])]
            : [];
    }

    /// <summary>Possible truths of some numbers of some candidates, each of whom something is known of.</summary>
    public JointDraws Draws(IReadOnlyList<Contestant> contestants, IReadOnlyList<int> places) =>
        new([.. places.Select(p => new DoubtMetric(_measures.All[p].Text, true, [0]))], [.. contestants.Select(c => Candidate(c, places))], _errors, _study.Seed);

    private DoubtCandidate Candidate(Contestant contestant, IReadOnlyList<int> places)
    {
        var seen = _observations.Of(contestant)!;
        var median = Median(seen.Lender ?? contestant);
        MetricSamples[] samples = [.. places.Select(p => MetricSamples.AroundFirst([.. seen.Replications.Select(r => r[p])], _spread))];
        var loadings = seen.Slower is null ? null : places.Select((p, m) => new[] { LoadingOf(seen, p, median, samples[m].Multiplies) }).ToArray();
        return new DoubtCandidate(_groups[Carriers.Group(contestant)], samples, loadings, seen.Noise is null ? null : [.. places.Select(p => seen.Noise[p])]) { Number = contestant.Number };
    }

    private static double Median(Contestant contestant) =>
        contestant.Candidate.Systems.Max(s => s.Gpu is { } gpu ? StepTimeErrors.Median(gpu, s.Engine) : 0);

    // From runs with steps longer and shorter by twice the median error.
    private static Loading LoadingOf(Observed observed, int place, double median, bool multiplies)
    {
        var error = 2 * median;
        var (nominal, slower, faster) = (observed.Replications[0][place], observed.Slower![place], observed.Faster![place]);
        if (!(error > 0) || !double.IsFinite(slower) || !double.IsFinite(faster))
        {
            return default;
        }

        if (multiplies)
        {
            return new Loading(slower > 0 ? DeterministicMath.Log(slower / nominal) / error : 0, faster > 0 ? -DeterministicMath.Log(faster / nominal) / error : 0);
        }

        // Nothing fails and nothing is preempted, until it does: nobody knows from which error on, so half way.
        var dead = nominal == 0 ? median : 0;
        return new Loading((slower - nominal) / (error - dead), (nominal - faster) / (error - dead), dead);
    }
}
