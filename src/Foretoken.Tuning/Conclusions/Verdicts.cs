using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tuning.Doubt;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// How sure the numbers of the finalists are: joint draws over traffic (the replications) and step-time errors (how each candidate
/// answered to longer and shorter steps). Centred on replication 0, the traffic as it was given.
/// </summary>
internal sealed class Verdicts
{
    // Another engine, GPU or kind of deployment is no relative unless there is none nearer.
    private const double Stranger = 10;

    private readonly IReadOnlyList<Contestant> _finalists;
    private readonly IReadOnlyList<Observed> _observed;
    private readonly Dictionary<Contestant, int> _index = [];
    private readonly Dictionary<int, int> _metric = [];
    private readonly JointDraws _draws;
    private readonly FrontMembership _front;
    private readonly double[] _slo;
    private readonly List<DoubtObjective> _objectives;

    private Verdicts(Study study, MeasureSet measures, IReadOnlyList<Contestant> finalists, IReadOnlyList<Observed> observed, double spread)
    {
        _finalists = finalists;
        _observed = observed;
        for (var i = 0; i < finalists.Count; i++)
        {
            _index.Add(finalists[i], i);
        }

        var places = Judged(study, measures)
            .Concat(study.Capacity ? [measures.PlaceOf(new Objectives.Measure(MetricCatalogue.OfferedRequestRate))] : [])
            .Distinct().ToList();
        for (var m = 0; m < places.Count; m++)
        {
            _metric.Add(places[m], m);
        }

        var metrics = places.Select(p => new DoubtMetric(measures.All[p].Text, observed.All(o => o.Replications.All(r => r[p] > 0)), [0])).ToList();
        var names = finalists.Select(Group).ToList();
        var groups = names.Distinct().ToList();
        var medians = groups.Select(g => finalists.Where((_, i) => names[i] == g).Max(Median)).ToList();
        var candidates = observed.Select((o, i) => new DoubtCandidate(
            groups.IndexOf(names[i]),
            [.. places.Select(p => MetricSamples.AroundFirst([.. o.Replications.Select(r => r[p])], spread))],
            o.Slower is null ? null : [.. places.Select((p, m) => new[] { metrics[m].Positive ? LoadingOf(o, p, Median(o.Lender ?? finalists[i])) : default })])).ToList();
        ErrorFactor[] errors = study.ModelError
            ? [new ErrorFactor("step times", [.. medians.Select(m => ErrorFactor.FromMedian(m, StepTimeErrors.Shared).Shared)], [.. medians.Select(m => ErrorFactor.FromMedian(m, StepTimeErrors.Shared).Own)])]
            : [];
        _draws = new JointDraws(metrics, candidates, errors, study.Seed);
        _objectives = [.. study.Objectives.Select((o, i) => new DoubtObjective(_metric[measures.PlaceOfObjective(i)], o.Maximise))];
        List<DoubtConstraint> constraints = [.. study.Constraints.Select((c, i) => new DoubtConstraint(_metric[measures.PlaceOfConstraint(i)], c.AtLeast, c.Bound))];
        _slo = SloProbability.Of(_draws, constraints);
        _front = new FrontMembership(_draws, _objectives, constraints);
    }

    /// <summary>The verdicts on finalists; null when there are none, or nothing varied them.</summary>
    /// <param name="study">The study.</param>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="finalists">Whom they are on.</param>
    /// <param name="spread">The traffic's <see cref="Traffic.ReplicationSpread"/>.</param>
    public static Verdicts? Of(Study study, MeasureSet measures, IReadOnlyList<Contestant> finalists, double spread)
    {
        if ((study.Replications < 2 || spread == 0) && !study.ModelError)
        {
            return null;
        }

        // A number that is missing in some run cannot be drawn: such a candidate failed in a way that needs no probability.
        var needed = Judged(study, measures).ToList();
        var lenders = finalists.Where(c => c.IsReplicated && IsUsable(Observed.Own(c))).Select(c => (Contestant: c, Kind: Kind(c))).ToList();
        var (usable, observed) = (new List<Contestant>(), new List<Observed>());
        foreach (var contestant in finalists)
        {
            var seen = contestant.IsReplicated ? Observed.Own(contestant) : lenders.Count == 0 ? null : Observed.Borrowed(contestant, Relative(contestant));
            if (seen is not null && IsUsable(seen))
            {
                usable.Add(contestant);
                observed.Add(seen);
            }
        }

        return usable.Count == 0 ? null : new Verdicts(study, measures, usable, observed, spread);

        bool IsUsable(Observed seen) => seen.Replications.Count > 0 && seen.Replications.All(r => needed.TrueForAll(p => double.IsFinite(r[p])));

        // How alike two behave shows in their numbers, once they are of one kind.
        Contestant Relative(Contestant contestant)
        {
            var kind = Kind(contestant);
            return lenders.MinBy(l => (l.Kind == kind ? 0 : Stranger) + Apart(l.Contestant, contestant)).Contestant;
        }

        double Apart(Contestant a, Contestant b) => needed.Sum(p => Math.Abs(DeterministicMath.Log(Math.Max(a.Final![p], 1e-9) / Math.Max(b.Final![p], 1e-9))));
    }

    /// <summary>The candidate whose doubt this one borrows; null where it has its own, or none.</summary>
    public Contestant? LenderTo(Contestant contestant) => _index.TryGetValue(contestant, out var i) ? _observed[i].Lender : null;

    /// <summary>Probability that it keeps the SLO, and that it is on the front; NaN where nothing is known.</summary>
    public (double Slo, double Front) Odds(Contestant contestant) =>
        _index.TryGetValue(contestant, out var i) ? (_slo[i], _front.Probabilities[i]) : (double.NaN, double.NaN);

    /// <summary>The number with its 90 % interval; null where nothing is known.</summary>
    public Interval? Interval(Contestant contestant, int measure)
    {
        if (!_index.TryGetValue(contestant, out var i) || !_metric.TryGetValue(measure, out var m))
        {
            return null;
        }

        var interval = _draws.Interval(i, m);
        return interval with { Value = contestant.Final![measure] };
    }

    /// <summary>How surely one member of the front beats another, objective by objective, where both have replications of their own.</summary>
    public IReadOnlyList<PairVerdict> Pairs(IReadOnlyCollection<Contestant> front)
    {
        var pairs = new List<PairVerdict>();
        var members = _finalists.Where(c => front.Contains(c) && LenderTo(c) is null).ToList();
        foreach (var a in members)
        {
            foreach (var b in members)
            {
                if (a != b)
                {
                    var probability = PairProbability.Of(_draws, _objectives, _index[a], _index[b]);
                    pairs.AddRange(probability.PerObjective.Select((p, o) => new PairVerdict(a.Number, b.Number, o, p)));
                }
            }
        }

        return pairs;
    }

    /// <summary>What to measure first, and the share of the doubt about the front that each measurement removes.</summary>
    public IReadOnlyList<(Contestant Contestant, double Reduction)> Plan(int count) =>
        [.. ValueOfMeasurement.Plan(_front, count).Select(v => (_finalists[v.Candidate], v.Reduction))];

    private static string Group(Contestant contestant) =>
        string.Join(" + ", contestant.Candidate.Model.Pools.Select(p => $"{p.Target?.Gpu.Name} {p.Engine.Settings.EngineName}").Distinct().Order(StringComparer.Ordinal));

    // Places of what a candidate is judged by: objectives, then bounds; some are both.
    private static IEnumerable<int> Judged(Study study, MeasureSet measures) =>
        Enumerable.Range(0, study.Objectives.Count).Select(measures.PlaceOfObjective).Concat(Enumerable.Range(0, study.Constraints.Count).Select(measures.PlaceOfConstraint));

    private static string Kind(Contestant contestant) => $"{Group(contestant)}, {contestant.Candidate.Model.Pools.Count} pools";

    private static double Median(Contestant contestant) =>
        contestant.Candidate.Model.Pools.Max(p => p.Target is { } target ? StepTimeErrors.Median(target.Gpu.Name, p.Engine.Settings.EngineName) : 0);

    // Percent of the number per percent of the steps, from runs with longer and shorter ones.
    private static Loading LoadingOf(Observed observed, int place, double median)
    {
        var error = 2 * median;
        var nominal = observed.Replications[0][place];
        return new Loading(Slope(observed.Slower![place], error), -Slope(observed.Faster![place], error));

        double Slope(double value, double by) => by > 0 && value > 0 && nominal > 0 && double.IsFinite(value) ? DeterministicMath.Log(value / nominal) / by : 0;
    }
}
