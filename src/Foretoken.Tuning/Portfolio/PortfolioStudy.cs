using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Quantities;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Running;
using Foretoken.Tuning.Space;
using Foretoken.Tuning.Studies;
using Foretoken.Twin;

namespace Foretoken.Tuning.Portfolio;

/// <summary>
/// After a study: its traffic cut into classes, each tuned for itself with the study's space, goals, bounds and budget, and
/// what the one deployment for all loses or gains against that.
/// </summary>
public sealed class PortfolioStudy
{
    // A class is searched with a quarter of the candidates, as there are up to four.
    private const int ShareOfCandidates = 4;
    private const int FewestCandidates = 128;

    // Every class is a study of its own.
    private const int MostNamed = 16;

    private static readonly MetricDefinition[] Sums =
    [
        MetricCatalogue.GpuCount, MetricCatalogue.GpuHours, MetricCatalogue.Cost, MetricCatalogue.CostPerHour, MetricCatalogue.GpuEnergy, MetricCatalogue.OutputTokenThroughput, MetricCatalogue.RequestThroughput,
    ];

    private readonly Study _study;
    private readonly CandidateFactory _factory;
    private readonly CandidateRunner _runner;
    private readonly StepTimePool _stepTimes;
    private readonly IRunMemory _memory;
    private readonly RecordedTraffic _traffic;
    private readonly bool _byStatistics;
    private readonly int _threads;
    private readonly CancellationToken _stop;

    /// <summary>A portfolio that is ready to begin.</summary>
    /// <exception cref="InputException">The study cannot have one.</exception>
    public PortfolioStudy(Study study, CandidateFactory factory, CandidateRunner runner, StepTimePool stepTimes, IRunMemory memory, int threads, CancellationToken stop, bool byStatistics = false)
    {
        Check(study, runner.Traffic, byStatistics);
        _byStatistics = byStatistics;
        (_study, _factory, _runner, _stepTimes, _memory, _threads, _stop) = (study, factory, runner, stepTimes, memory, threads, stop);
        _traffic = (RecordedTraffic)runner.Traffic;
    }

    /// <summary>Says what keeps a study from having a portfolio.</summary>
    /// <exception cref="InputException">Something does.</exception>
    public static void Check(Study study, Traffic traffic, bool byStatistics)
    {
        var problems = new List<Problem>();
        if (traffic is not RecordedTraffic)
        {
            problems.Add(new("--portfolio", "needs traffic whose requests are known beforehand; here clients wait for answers before they send on", "use a trace or open arrivals"));
        }

        if (study.Capacity)
        {
            problems.Add(new("--portfolio", "compares deployments under the same load, and this study raises the load of each", "leave tune.goal: capacity out"));
        }

        if (study.Objectives.FirstOrDefault(o => o.Measure.Class is not null) is { } objective)
        {
            problems.Add(new("--portfolio", $"every class has the same objectives, and '{objective.Measure}' is of one class", "use an objective over all requests"));
        }

        if (!byStatistics && traffic.Classes.Count > MostNamed)
        {
            problems.Add(new("--portfolio", string.Create(CultureInfo.InvariantCulture, $"would tune each of the {traffic.Classes.Count} classes that the workload names; at most {MostNamed}"), "cut the traffic by its statistics: --portfolio-by statistics"));
        }

        if (byStatistics && study.Constraints.FirstOrDefault(c => c.Measure.Class is not null) is { } bound)
        {
            problems.Add(new("--portfolio-by statistics", $"'{bound.Measure}' is a bound of a class that the workload names, and its requests are spread over others then", "leave --portfolio-by out, or the bound"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    /// <summary>Cuts, tunes and compares.</summary>
    /// <param name="shared">What the study found.</param>
    /// <param name="outcome">What it played.</param>
    /// <param name="play">Plays the search of a class; the tuner's own run if left out.</param>
    /// <exception cref="OperationCanceledException">It was told to stop; what was played is in the memory.</exception>
    public PortfolioResult Run(TuningResult shared, TunerOutcome outcome, Func<Tuner, TunerProgress, TunerOutcome>? play = null)
    {
        var classes = TrafficClasses.Of(_traffic, _study.Seed, _byStatistics);
        var result = new PortfolioResult
        {
            Name = _study.Name,
            Seed = (long)_study.Seed,
            Objectives = _study.Objectives,
            Classes = classes.Classes,
            IsNamed = classes.IsNamed,
            Silhouette = classes.Silhouette,
        };
        if (shared.Recommendation is not { } advice)
        {
            return result;
        }

        var best = shared.Candidates.First(c => c.Number == advice.Candidate);
        var from = outcome.Candidate(best.Number);
        result = result with
        {
            Shared = new Side { Gpus = best.Gpus, HourPrice = from.HourPrice, Objectives = [.. best.Objectives.Select(o => o.Value)], MeetsSlo = advice.MeetsSlo, SloProbability = best.SloProbability, Title = best.Title },
        };
        if (classes.Classes.Count < 2)
        {
            return result;
        }

        var inShared = InShared(classes, from);
        var switching = new Switching(from);
        var deployments = new List<ClassDeployment>();
        for (var number = 0; number < classes.Classes.Count; number++)
        {
            if (classes.Classes[number].Requests > 0 && Tune(classes, number, play, switching, inShared) is { } deployment)
            {
                deployments.Add(deployment);
            }
        }

        // A class for which nothing could be run leaves nothing to compare.
        return deployments.Count < classes.Classes.Count(c => c.Requests > 0) ? result : result with { Deployments = deployments, Together = Together(deployments) };
    }

    private ClassDeployment? Tune(TrafficClasses classes, int number, Func<Tuner, TunerProgress, TunerOutcome>? play, Switching switching, (MeasureSet Measures, double[] Values) inShared)
    {
        var own = classes.Classes[number];
        var study = _study with
        {
            Name = $"{_study.Name}: {own.Name}",
            Constraints = ConstraintsOf(own.Name),
            Candidates = Math.Min(_study.Candidates, Math.Max(FewestCandidates, _study.Candidates / ShareOfCandidates)),
        };
        var measures = new MeasureSet(study.Objectives, study.Constraints);
        var runner = new CandidateRunner(classes.Traffic(number), measures, _stepTimes, study.Seed);
        var progress = new TunerProgress();
        var tuner = new Tuner(study, _factory, runner, _stepTimes, new ClassRuns(_memory, number, _runner.Measures, measures), _threads, progress, _stop);
        var outcome = play is null ? tuner.Run() : play(tuner, progress);
        var found = Conclusion.Of(study, runner, outcome, "", [], []);
        if (found.Recommendation is not { } advice)
        {
            return null;
        }

        var best = found.Candidates.First(c => c.Number == advice.Candidate);
        var candidate = outcome.Candidate(best.Number);
        return new ClassDeployment
        {
            Class = own,
            Own = best,
            HourPrice = candidate.HourPrice,
            MeetsSlo = advice.MeetsSlo,
            Candidates = found.Candidates.Count,
            Runs = found.Runs,
            InShared = [.. _study.Objectives.Select(o => Told(o.Measure, own.Name))],
            MissesInShared = [.. study.Constraints.Where(c => c.Measure.Metric.Kind != MetricKind.PerRun)
                .Select(c => KeyValuePair.Create(c, c.Miss(Told(c.Measure, own.Name)))).Where(c => c.Value > 0)],
            Switch = switching.To(candidate),
        };

        double Told(Measure measure, string name) => measure.Metric.Kind != MetricKind.PerRun ? inShared.Values[inShared.Measures.PlaceOf(measure with { Class = name })] : double.NaN;
    }

    private IReadOnlyList<Constraint> ConstraintsOf(string name) => [.. _study.Constraints.Where(c => c.Measure.Class is null || c.Measure.Class == name)];

    // What each class gets in the shared configuration.
    private (MeasureSet Measures, double[] Values) InShared(TrafficClasses classes, Candidate from)
    {
        var names = classes.Classes.Select(c => c.Name).ToList();
        var wanted = names.SelectMany(n => ConstraintsOf(n).Select(c => c with { Measure = c.Measure with { Class = n } })).Where(c => c.Measure.Metric.Kind != MetricKind.PerRun).ToList();
        var goals = names.SelectMany(n => _study.Objectives.Select(o => o with { Measure = o.Measure with { Class = n } })).Where(o => o.Measure.Metric.Kind != MetricKind.PerRun).ToList();
        var measures = new MeasureSet(goals, wanted);
        var run = new CandidateRunner(classes.Labelled(), measures, _stepTimes, _study.Seed).Play(from, RunAddress.Whole(0), new RunControl());
        return (measures, measures.Read(run, from.Model.Slo));
    }

    private Side Together(List<ClassDeployment> deployments) => new()
    {
        Gpus = deployments.Sum(d => d.Own.Gpus),
        HourPrice = deployments.Sum(d => d.HourPrice),
        Objectives = [.. _study.Objectives.Select((o, i) => Together(o.Measure.Metric, i, deployments))],
        MeetsSlo = deployments.TrueForAll(d => d.MeetsSlo),
        SloProbability = deployments.Aggregate(1.0, (p, d) => p * d.Own.SloProbability),
    };

    private static double Together(MetricDefinition metric, int objective, List<ClassDeployment> deployments)
    {
        double Value(ClassDeployment d) => d.Own.Objectives[objective].Value;
        double Mean(Func<ClassDeployment, double> weight) => deployments.Sum(d => weight(d) * Value(d)) / deployments.Sum(weight);
        return Sums.Contains(metric) ? deployments.Sum(Value)
            : metric == MetricCatalogue.CostPerMillionOutputTokens ? Mean(d => d.Class.Requests * d.Class.OutputTokens)
            : metric == MetricCatalogue.OutputTokenThroughputPerGpu ? Mean(d => d.Own.Gpus)
            : double.NaN;
    }
}
