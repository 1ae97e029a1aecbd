using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// How sure the numbers of candidates are: joint draws over traffic (the replications) and step-time errors (how each candidate
/// answered to longer and shorter steps). Centred on replication 0, the traffic as it was given.
/// </summary>
internal sealed class Verdicts
{
    private readonly Observations _observations;
    private readonly DoubtModel _model;
    private readonly Bands? _bands;
    private readonly IReadOnlyList<Contestant> _drawn;
    private readonly Dictionary<Contestant, (double Slo, double Front)> _odds = [];
    private readonly Dictionary<Contestant, int> _index = [];
    private readonly FrontMembership _front;
    private readonly List<DoubtObjective> _objectives;

    private Verdicts(Study study, MeasureSet measures, Observations observations, DoubtModel model, Bands? bands, IReadOnlyList<Contestant> drawn, int finalists, int threads)
    {
        _observations = observations;
        _model = model;
        _bands = bands;
        _drawn = drawn;
        List<int> places = [.. measures.Judged];
        _objectives = [.. study.Objectives.Select((o, i) => new DoubtObjective(places.IndexOf(measures.PlaceOfObjective(i)), o.Maximise))];
        List<DoubtConstraint> constraints = [.. study.Constraints.Select((c, i) => new DoubtConstraint(places.IndexOf(measures.PlaceOfConstraint(i)), c.AtLeast, c.Bound))];
        _front = new FrontMembership(model.Draws(drawn, places), _objectives, constraints, finalists, threads);
        for (var i = 0; i < drawn.Count; i++)
        {
            _index.Add(drawn[i], i);
            _odds.Add(drawn[i], (_front.SloProbabilities[i], _front.Probabilities[i]));
        }
    }

    /// <summary>The verdicts; null when nothing varied the runs.</summary>
    /// <param name="study">The study.</param>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="contestants">Everybody, by number.</param>
    /// <param name="finalists">Those whom measurements are planned among.</param>
    /// <param name="shares">Share of the traffic per stage.</param>
    /// <param name="spread">The traffic's <see cref="Traffic.ReplicationSpread"/>.</param>
    /// <param name="isLast">Whether everybody is looked at; else only the finalists' odds.</param>
    /// <param name="threads">Threads; what comes out does not depend on them.</param>
    public static Verdicts? Of(
        Study study, MeasureSet measures, IReadOnlyList<Contestant> contestants, IReadOnlyList<Contestant> finalists, IReadOnlyList<double> shares, double spread, bool isLast, int threads)
    {
        if ((study.Replications < 2 || spread == 0) && !study.ModelError)
        {
            return null;
        }

        var observations = new Observations(measures, isLast ? contestants : finalists, shares);
        var model = new DoubtModel(study, measures, observations, contestants, spread);
        bool IsDrawn(Contestant contestant) => observations.Of(contestant) is { } seen && observations.IsWhole(seen);
        var first = finalists.Where(IsDrawn).ToList();
        var rest = isLast ? contestants.Except(finalists).Where(IsDrawn) : [];
        var verdicts = new Verdicts(study, measures, observations, model, isLast ? new Bands(measures, observations, model, threads) : null, [.. first, .. rest], first.Count, threads);
        verdicts.JudgeUndrawn(study, measures, isLast ? contestants : finalists);
        return verdicts;
    }

    /// <summary>The candidate whose doubt this one borrows; null where it has its own, or none.</summary>
    public Contestant? LenderTo(Contestant contestant) => _observations.Of(contestant)?.Lender;

    /// <summary>What the doubt was drawn from.</summary>
    public DoubtRecord Record() => _model.Record();

    /// <summary>Place of a candidate's system in the record, number of its layout, and what is not known of it per number besides; null where nothing is known.</summary>
    public (int System, int Layout, double[]? Noise)? Known(Contestant contestant) => _observations.Of(contestant) is { } seen ? (_model.SystemOf(contestant), _model.LayoutOf(contestant), seen.Noise) : null;

    /// <summary>Probability that it keeps the SLO, and that it is on the front; NaN where nothing is known.</summary>
    public (double Slo, double Front) Odds(Contestant contestant) => _odds.TryGetValue(contestant, out var odds) ? odds : (double.NaN, double.NaN);

    /// <summary>The number with its 90 % interval; null where nothing is known.</summary>
    public Interval? Interval(Contestant contestant, int measure) => _bands?.Of(contestant, measure);

    /// <summary>
    /// How surely one member of the front beats another, objective by objective, where both have replications of their own; of a long
    /// front those that are most surely on it. Any other pair is drawn again when somebody asks (<see cref="PairOdds"/>).
    /// </summary>
    public IReadOnlyList<PairVerdict> Pairs(IReadOnlyCollection<Contestant> front)
    {
        const int Most = 64;
        var pairs = new List<PairVerdict>();
        var members = _drawn.Where(c => front.Contains(c) && LenderTo(c) is null).OrderByDescending(c => Odds(c).Front).ThenBy(c => c.Number).Take(Most)
            .OrderBy(c => c.Number).Select(c => (c.Number, Draws: _front.Draws.Of(_index[c]))).ToList();
        for (var a = 0; a < members.Count; a++)
        {
            for (var b = a + 1; b < members.Count; b++)
            {
                var probability = PairProbability.Of(members[a].Draws, members[b].Draws, _objectives);
                pairs.AddRange(probability.PerObjective.Select((p, o) => new PairVerdict(members[a].Number, members[b].Number, o, p)));
            }
        }

        return pairs;
    }

    /// <summary>What to measure first, and the share of the doubt about the front that each measurement removes.</summary>
    /// <param name="count">Measurements wanted.</param>
    /// <param name="shortlist">Who is named before others that would tell the same.</param>
    public IReadOnlyList<(Contestant Contestant, double Reduction)> Plan(int count, IReadOnlyList<Contestant> shortlist)
    {
        var open = Enumerable.Range(0, _front.Remembered).OrderBy(i => shortlist.Contains(_drawn[i]) ? 0 : 1).ThenBy(i => Math.Abs(_front.Probabilities[i] - 0.5)).ThenBy(i => i).ToList();
        return [.. ValueOfMeasurement.Plan(_front, count, open).Select(v => (_drawn[v.Candidate], v.Reduction))];
    }

    // Who was put aside unplayed cannot carry the traffic. A run without a number that is needed (nobody was answered, say) has missed what
    // it is needed for, and cannot be drawn: then the share of the runs that kept the SLO is all that is known.
    private void JudgeUndrawn(Study study, MeasureSet measures, IReadOnlyList<Contestant> contestants)
    {
        var judge = new Judge(study, measures);
        foreach (var contestant in contestants.Where(c => !_odds.ContainsKey(c)))
        {
            if (contestant.State == CandidateState.Hopeless)
            {
                _odds.Add(contestant, (0, 0));
            }
            else if (_observations.Of(contestant) is { } seen)
            {
                List<double[]> runs = [.. seen.Replications, .. new[] { seen.Slower, seen.Faster }.OfType<double[]>()];
                var kept = runs.Count(r => judge.Violation(r) == 0);
                _odds.Add(contestant, ((double)kept / runs.Count, kept == 0 ? 0 : double.NaN));
            }
        }
    }
}
