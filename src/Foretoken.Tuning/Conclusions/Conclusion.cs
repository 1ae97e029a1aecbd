using Foretoken.Metrics;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>From what was played to what is told: intervals, front, probabilities, reasons, advice.</summary>
public sealed class Conclusion
{
    private readonly Study _study;
    private readonly CandidateRunner _runner;
    private readonly TunerOutcome _outcome;
    private readonly IReadOnlyList<Contestant> _finished;
    private readonly IReadOnlySet<Contestant> _front;
    private readonly Verdicts? _verdicts;

    private Conclusion(Study study, CandidateRunner runner, TunerOutcome outcome)
    {
        _study = study;
        _runner = runner;
        _outcome = outcome;
        _finished = [.. outcome.Contestants.Where(c => c.Final is not null)];
        _front = outcome.Front;
        _verdicts = outcome.Verdicts;
    }

    /// <summary>Everything that a study found.</summary>
    /// <param name="study">The study.</param>
    /// <param name="runner">What it played with.</param>
    /// <param name="outcome">What was played.</param>
    /// <param name="version">Version of the program.</param>
    /// <param name="headline">Model, GPUs, traffic in a line or two.</param>
    /// <param name="notes">What a reader has to know besides.</param>
    public static TuningResult Of(Study study, CandidateRunner runner, TunerOutcome outcome, string version, IReadOnlyList<string> headline, IReadOnlyList<string> notes) =>
        new Conclusion(study, runner, outcome).Result(version, headline, notes);

    private TuningResult Result(string version, IReadOnlyList<string> headline, IReadOnlyList<string> notes)
    {
        var shortlist = _outcome.Shortlist;
        return new TuningResult
        {
            Name = _study.Name,
            Seed = (long)_study.Seed,
            Version = version,
            Headline = [.. headline, .. StudyNotes.OfPrices(_outcome.Contestants)],
            Objectives = _study.Objectives,
            Constraints = _study.Constraints,
            Measures = _runner.Measures.All,
            Dimensions = [.. _study.Space.Dimensions.Select(d => new KeyValuePair<string, IReadOnlyList<string>>(d.Name, [.. d.Choices.Select(c => c.Text)]))],
            Candidates = [.. _outcome.Contestants.Select(Told)],
            Infeasible = [.. _outcome.Infeasible.OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal)],
            Equivalent = _outcome.Equivalent,
            SpaceSize = _study.Space.CanonicalSize(),
            Runs = _outcome.Runs,
            SimulatedHours = _outcome.SimulatedSeconds / 3600,
            RealGpuHours = _outcome.GpuHours,
            RealCost = _outcome.Cost,
            Search = _outcome.Search,
            Exhaustive = _outcome.IsExhaustive,
            Sensitivities = Sensitivities.Of([.. _finished.Select(c => c.Candidate.Knobs.ToDictionary())], [.. _finished.Select(c => c.Costs)], _study.Space.Dimensions.Select(d => d.Name)),
            Recommendation = shortlist.Count == 0 ? null : Advice.Of(_study, _runner.Measures, shortlist, _front, _finished, _verdicts?.Plan(_study.Shortlist, shortlist) ?? [], _outcome.Beyond, c => Odds(c).Slo, Intervals),
            Shortlist = [.. shortlist.Select(c => c.Number)],
            Doubt = _verdicts?.Record(),
            Pairs = _verdicts?.Pairs(_front) ?? [],
            Notes = [.. notes, .. StudyNotes.Beforehand(_study), .. StudyNotes.OfReplications(_study, _runner.Traffic), .. StudyNotes.OfCapacity(_study, _outcome.Contestants), .. StudyNotes.OfSpot(_outcome.Contestants)],
        };
    }

    private (double Slo, double Front) Odds(Contestant contestant) => _verdicts?.Odds(contestant) ?? (double.NaN, double.NaN);

    private CandidateResult Told(Contestant contestant)
    {
        var isFinal = contestant.Final is not null;
        var odds = Odds(contestant);
        var known = _verdicts?.Known(contestant);
        var measures = _runner.Measures;
        return new CandidateResult
        {
            Number = contestant.Number,
            Knobs = contestant.Candidate.Knobs,
            Title = contestant.Candidate.Title,
            Gpus = contestant.Candidate.Gpus,
            State = contestant.State,
            Runs = contestant.Runs,
            Objectives = [.. Enumerable.Range(0, _study.Objectives.Count).Select(i => Intervals(contestant, measures.PlaceOfObjective(i)))],
            Constraints = [.. Enumerable.Range(0, _study.Constraints.Count).Select(i => Intervals(contestant, measures.PlaceOfConstraint(i)))],
            Measures = [.. Enumerable.Range(0, measures.All.Count).Select(i => Intervals(contestant, i))],
            Violation = contestant.Violation,
            OnFront = _front.Contains(contestant),
            SloProbability = odds.Slo,
            FrontProbability = odds.Front,
            DoubtFrom = _verdicts?.LenderTo(contestant)?.Number,
            System = known?.System,
            Layout = known?.Layout,
            Noise = known?.Noise is { } noise ? [.. _study.Objectives.Select((_, i) => noise[measures.PlaceOfObjective(i)])] : null,
            Bottleneck = contestant.Bottleneck,
            Why = _front.Contains(contestant) ? Advice.Why(_study, contestant, _front) : "",
            Capacity = _study.Capacity && isFinal ? Intervals(contestant, measures.PlaceOf(new Measure(MetricCatalogue.OfferedRequestRate))) : null,
        };
    }

    private Interval Intervals(Contestant contestant, int measure)
    {
        if (_verdicts?.Interval(contestant, measure) is { } interval)
        {
            return interval;
        }

        var value = contestant.Stages.LastOrDefault(s => s is not null)?[measure] ?? double.NaN;
        return new Interval(value, double.NaN, double.NaN);
    }
}
