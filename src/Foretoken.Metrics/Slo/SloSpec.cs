using Foretoken.Quantities;

namespace Foretoken.Metrics.Slo;

/// <summary>Service-level objective of a run: what the percentiles, the single request and the share of failures must keep.</summary>
public sealed record SloSpec
{
    /// <summary>Promises over the whole run; each minute is judged by the same ones.</summary>
    public IReadOnlyList<SloTarget> Targets { get; init; } = [];

    /// <summary>
    /// Bounds for one request to count as good, in general and by class. Where there are none of a kind: the bounds of the
    /// per-request <see cref="Targets"/> of that kind, the tightest of each metric.
    /// </summary>
    public IReadOnlyList<SloRequestBound> RequestBounds { get; init; } = [];

    /// <summary>Share of requests that may be rejected, aborted or shed, 0 to 1. Default 0: none.</summary>
    public double FailedFractionMax { get; init; }

    /// <summary>Everything that is wrong with it; <paramref name="place"/> is where it stands in the user's input.</summary>
    public IReadOnlyList<Problem> Validate(string place = "slo")
    {
        var problems = new List<Problem>();
        for (var i = 0; i < Targets.Count; i++)
        {
            var target = Targets[i];
            var metric = Known(problems, $"{place}.targets[{i}]", target.Metric, target.Bound);
            if (metric is { Kind: MetricKind.PerRun } && target.Percentile is not null)
            {
                problems.Add(new Problem($"{place}.targets[{i}].percentile", $"'{target.Metric}' has one value for the whole run, so no percentile", "leave the percentile out"));
            }

            if (target.Percentile is { } p && !(p is >= 0 and <= 100))
            {
                problems.Add(new Problem($"{place}.targets[{i}].percentile", Invariant($"{p} is not a percentile"), "a number from 0 to 100"));
            }

            if (target.Class is not null && metric is { Kind: not MetricKind.PerRequest })
            {
                problems.Add(new Problem($"{place}.targets[{i}].class", $"'{target.Metric}' is not told by class", "leave the class out"));
            }

            if (target.Metric.StartsWith("good", StringComparison.Ordinal) && metric is not null && EffectiveRequestBounds().Count == 0)
            {
                problems.Add(new Problem($"{place}.targets[{i}]", $"'{target.Metric}' needs to know what a good request is", "add request bounds"));
            }
        }

        for (var i = 0; i < RequestBounds.Count; i++)
        {
            var bound = RequestBounds[i];
            var metric = Known(problems, $"{place}.request_bounds[{i}]", bound.Metric, bound.Bound);
            if (metric is not null && metric.Kind != MetricKind.PerRequest)
            {
                problems.Add(new Problem($"{place}.request_bounds[{i}].metric", $"'{bound.Metric}' is not a metric of a single request", $"one of {Names(m => m.Kind == MetricKind.PerRequest)}"));
            }
        }

        if (!(FailedFractionMax is >= 0 and <= 1))
        {
            problems.Add(new Problem($"{place}.failed_fraction_max", Invariant($"{FailedFractionMax} is not a share"), "a number from 0 to 1"));
        }

        return problems;
    }

    /// <summary>
    /// The bounds that decide which request is good: the general ones first, then those of each class, which take the place of the
    /// general ones of the same metric for its requests.
    /// </summary>
    public IReadOnlyList<SloRequestBound> EffectiveRequestBounds()
    {
        var bounds = new List<SloRequestBound>();
        foreach (var kind in Targets.Select(t => t.Class).Concat(RequestBounds.Select(b => b.Class)).Prepend(null).Distinct().ToList())
        {
            var before = bounds.Count;
            bounds.AddRange(RequestBounds.Where(b => b.Class == kind));
            if (bounds.Count == before)
            {
                bounds.AddRange(Tightest(kind));
            }
        }

        return bounds;
    }

    // The targets' bounds on single requests of a class, or (null) the general ones.
    private List<SloRequestBound> Tightest(string? kind)
    {
        var bounds = new List<SloRequestBound>();
        foreach (var target in Targets)
        {
            if (target.Class != kind || MetricCatalogue.Find(target.Metric) is not { Kind: MetricKind.PerRequest } metric)
            {
                continue;
            }

            var known = bounds.Count - 1;
            while (known >= 0 && bounds[known].Metric != target.Metric)
            {
                known--;
            }

            if (known < 0)
            {
                bounds.Add(new SloRequestBound(target.Metric, target.Bound, kind));
            }
            else if (!Meets(metric, bounds[known].Bound, target.Bound))
            {
                bounds[known] = new SloRequestBound(target.Metric, target.Bound, kind);
            }
        }

        return bounds;
    }

    /// <summary>Whether a value keeps a bound, by the metric's better direction.</summary>
    public static bool Meets(MetricDefinition metric, double value, double bound) =>
        metric.Better == MetricDirection.Higher ? value >= bound : value <= bound;

    private static MetricDefinition? Known(List<Problem> problems, string place, string tag, double bound)
    {
        if (!double.IsFinite(bound))
        {
            problems.Add(new Problem($"{place}.bound", Invariant($"{bound} is not a bound"), "a finite number in the metric's unit"));
        }

        var metric = MetricCatalogue.Find(tag);
        if (metric is null || metric.Better == MetricDirection.None)
        {
            problems.Add(new Problem($"{place}.metric", metric is null ? $"there is no metric '{tag}'" : $"'{tag}' has no better direction to bound", $"one of {Names(m => m.Better != MetricDirection.None)}"));
            return null;
        }

        return metric;
    }

    private static string Names(Func<MetricDefinition, bool> which) => string.Join(", ", MetricCatalogue.All.Where(which).Select(m => m.Tag));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
