using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
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
    private readonly List<SystemError> _systems = [];
    private readonly Dictionary<string, int> _places = [];
    private readonly Dictionary<string, int> _layouts = [];

    /// <summary>The doubt of a study.</summary>
    /// <param name="study">The study.</param>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="observations">What is known of everybody.</param>
    /// <param name="contestants">Everybody, by number: systems stand in this order.</param>
    /// <param name="spread">The traffic's <see cref="Traffic.ReplicationSpread"/>.</param>
    public DoubtModel(Study study, MeasureSet measures, Observations observations, IReadOnlyList<Contestant> contestants, double spread)
    {
        _study = study;
        _measures = measures;
        _observations = observations;
        _spread = spread;
        foreach (var contestant in contestants.Where(c => c.LastStage >= 0))
        {
            if (_places.TryAdd(contestant.Candidate.System, _systems.Count))
            {
                _systems.Add(new SystemError(contestant.Candidate.System, study.ModelError ? Median(contestant) : null));
            }

            _layouts.TryAdd(contestant.Candidate.Layout, _layouts.Count);
        }
    }

    /// <summary>Possible truths of some numbers of some candidates, each of whom something is known of.</summary>
    public JointDraws Draws(IReadOnlyList<Contestant> contestants, IReadOnlyList<int> places) =>
        DoubtDraws.Of([.. places.Select(p => _measures.All[p])], [.. contestants.Select(c => Runs(c, places))], _systems, _spread, _study.Seed);

    /// <summary>Place of a candidate's system.</summary>
    public int SystemOf(Contestant contestant) => _places[contestant.Candidate.System];

    /// <summary>Number of a candidate's layout: those of one number have all of their step-time errors in common.</summary>
    public int LayoutOf(Contestant contestant) => _layouts[contestant.Candidate.Layout];

    /// <summary>What is handed on, so that any two candidates can be compared later.</summary>
    public DoubtRecord Record()
    {
        int[] places = [.. _study.Objectives.Select((_, i) => _measures.PlaceOfObjective(i))];
        return new DoubtRecord(_spread, _systems, [.. _observations.Lenders.Select(c => new DoubtSamples(c.Number, [.. c.Replications.Select(r => At(places, r)!)], At(places, c.Slower), At(places, c.Faster)))]);
    }

    private DoubtRuns Runs(Contestant contestant, IReadOnlyList<int> places)
    {
        var seen = _observations.Of(contestant)!;
        return new DoubtRuns(
            contestant.Number, SystemOf(contestant), LayoutOf(contestant), SystemOf(seen.Lender ?? contestant), [.. seen.Replications.Select(r => At(places, r)!)],
            At(places, seen.Slower), At(places, seen.Faster), At(places, seen.Noise));
    }

    private static double[]? At(IReadOnlyList<int> places, double[]? values) => values is null ? null : [.. places.Select(p => values[p])];

    private static double Median(Contestant contestant) =>
        contestant.Candidate.Systems.Max(s => s.Gpu is { } gpu ? StepTimeErrors.Median(gpu, s.Engine) : 0);
}
