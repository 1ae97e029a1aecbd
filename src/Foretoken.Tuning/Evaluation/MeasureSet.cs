using Foretoken.Metrics;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Tuning.Objectives;
using Foretoken.Twin.Results;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Evaluation;

/// <summary>The numbers that are kept of every run, in a fixed order: objectives, constraints, then what explains them.</summary>
public sealed class MeasureSet
{
    private static readonly Measure[] Others =
    [
        new(MetricCatalogue.TimeToFirstToken, 50), new(MetricCatalogue.TimeToFirstToken, 95), new(MetricCatalogue.TimeToFirstToken), new(MetricCatalogue.InterTokenLatency, 50),
        new(MetricCatalogue.InterTokenLatency, 95), new(MetricCatalogue.InterTokenLatency), new(MetricCatalogue.OutputTokenThroughputPerUser, 5), new(MetricCatalogue.RequestLatency, 95),
        new(MetricCatalogue.RequestLatency), new(MetricCatalogue.QueueTime), new(MetricCatalogue.QueueTime, 95), new(MetricCatalogue.RequestThroughput), new(MetricCatalogue.OfferedRequestRate), new(MetricCatalogue.OutputTokenThroughput),
        new(MetricCatalogue.OutputTokenThroughputPerGpu), new(MetricCatalogue.GpuCount), new(MetricCatalogue.GpuHours), new(MetricCatalogue.Cost), new(MetricCatalogue.CostPerHour), new(MetricCatalogue.CostPerMillionOutputTokens),
        new(MetricCatalogue.GpuEnergy), new(MetricCatalogue.Goodput), new(MetricCatalogue.BadMinutes), new(MetricCatalogue.PrefixCacheReuse), new(MetricCatalogue.KvCacheUsageMean), new(MetricCatalogue.KvCacheUsagePeak),
        new(MetricCatalogue.RunningMean), new(MetricCatalogue.WaitingMean), new(MetricCatalogue.ReplicaBusy), new(MetricCatalogue.Preemptions), new(MetricCatalogue.EngineSteps),
        new(MetricCatalogue.ErrorRequestFraction), new(MetricCatalogue.BenchmarkDuration), new(MetricCatalogue.OutputSequenceLength), new(MetricCatalogue.KvTransferTime),
    ];

    private readonly int[] _objectives;
    private readonly int[] _constraints;
    private readonly WantedDistribution[] _wanted;

    /// <summary>What a study needs.</summary>
    public MeasureSet(IReadOnlyList<Objective> objectives, IReadOnlyList<Constraint> constraints)
    {
        var all = new List<Measure>();
        _objectives = [.. objectives.Select(o => Place(o.Measure))];
        _constraints = [.. constraints.Select(c => Place(c.Measure))];
        foreach (var other in Others)
        {
            Place(other);
        }

        All = all;
        Judged = [.. _objectives.Concat(_constraints).Distinct()];

        _wanted = [.. all.Where(m => m.Class is null).Select(m => new WantedDistribution(m.Metric, m.Percentile is { } p ? [p] : []))];

        int Place(Measure measure)
        {
            var at = all.IndexOf(measure);
            if (at < 0)
            {
                at = all.Count;
                all.Add(measure);
            }

            return at;
        }
    }

    /// <summary>Every measure, each once.</summary>
    public IReadOnlyList<Measure> All { get; }

    /// <summary>Places of what candidates are judged by: objectives, then bounds; what is both stands once.</summary>
    public IReadOnlyList<int> Judged { get; }

    /// <summary>Place of a measure; it must be one of them.</summary>
    public int PlaceOf(Measure measure)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i] == measure)
            {
                return i;
            }
        }

        throw new ArgumentException($"'{measure}' is not kept.", nameof(measure));
    }

    /// <summary>Value of an objective among the numbers of a run.</summary>
    public double Objective(double[] values, int objective) => values[_objectives[objective]];

    /// <summary>Value of a constraint's measure among the numbers of a run.</summary>
    public double Constraint(double[] values, int constraint) => values[_constraints[constraint]];

    /// <summary>Place of an objective's measure.</summary>
    public int PlaceOfObjective(int objective) => _objectives[objective];

    /// <summary>Place of a constraint's measure.</summary>
    public int PlaceOfConstraint(int constraint) => _constraints[constraint];

    /// <summary>The numbers of a run, in order; NaN where it does not have one.</summary>
    /// <param name="result">The run.</param>
    /// <param name="slo">The scenario's SLO, which decides what a good request is; null for none.</param>
    public double[] Read(RunResult result, SloModel? slo)
    {
        var own = SloMapping.ToSpec(slo);
        var spec = new SloSpec
        {
            Targets = own?.Targets ?? [],
            RequestBounds = own?.EffectiveRequestBounds() is { Count: > 0 } bounds ? bounds : [new SloRequestBound(MetricCatalogue.RequestLatency.Tag, double.MaxValue)],
            FailedFractionMax = own?.FailedFractionMax ?? 1,
        };
        var summary = SummaryBuilder.Build(result, new SummaryContext { ScenarioName = "", Version = "", Slo = spec, Wanted = _wanted, ByClass = false });
        var values = new double[All.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var measure = All[i];
            values[i] = ClassSummary.NumberOf(result, measure.Class) is { } kind ? RequestStatistics.OfClass(result, RequestMetrics.IndexOf(measure.Metric), kind, measure.Percentile)
                : measure.Metric.Kind == MetricKind.PerRun ? Value(summary, measure.Metric)
                : Statistic(summary, measure);
        }

        return values;
    }

    private static double Value(RunSummary summary, MetricDefinition metric)
    {
        foreach (var value in summary.Values)
        {
            if (value.Metric == metric)
            {
                return value.Value;
            }
        }

        return double.NaN;
    }

    private static double Statistic(RunSummary summary, Measure measure)
    {
        foreach (var statistics in summary.Distributions)
        {
            if (statistics.Metric == measure.Metric)
            {
                return measure.Percentile is { } p ? statistics.Values.At(p) : statistics.Values.Mean;
            }
        }

        return double.NaN;
    }
}
