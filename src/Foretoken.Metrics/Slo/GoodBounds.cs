using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Slo;

/// <summary>Which requests of a run are good: by the bounds of their class, and by the general ones where the class has none of that metric.</summary>
internal sealed class GoodBounds
{
    // By number of the class; 0 for requests without one.
    private readonly GoodBound[][] _byClass;

    /// <summary>The bounds of an SLO; null has none.</summary>
    public GoodBounds(RunResult result, SloSpec? slo)
    {
        var all = slo?.EffectiveRequestBounds() ?? [];
        IsEmpty = all.Count == 0;
        _byClass = new GoodBound[result.Classes.Count + 1][];
        for (var number = 0; number < _byClass.Length; number++)
        {
            var name = number == 0 ? null : result.Classes[number - 1];
            var bounds = new List<GoodBound>();
            foreach (var bound in all)
            {
                if (bound.Class == name || (bound.Class is null && !all.Any(b => b.Class == name && b.Metric == bound.Metric)))
                {
                    var metric = MetricCatalogue.Find(bound.Metric)!;
                    bounds.Add(new GoodBound(RequestMetrics.IndexOf(metric), metric, bound.Bound));
                }
            }

            _byClass[number] = [.. bounds];
        }
    }

    /// <summary>Whether there are none: then nothing is said about good requests.</summary>
    public bool IsEmpty { get; }

    /// <summary>Whether an answered request is good. One that lacks a bounded metric is not.</summary>
    public bool IsGood(RequestTable table, int i)
    {
        foreach (var (index, metric, bound) in _byClass[table.Class(i)])
        {
            var value = RequestMetrics.InUnit(index, RequestMetrics.Raw(index, table, i));
            if (double.IsNaN(value) || !SloSpec.Meets(metric, value, bound))
            {
                return false;
            }
        }

        return true;
    }

    private sealed record GoodBound(int Index, MetricDefinition Metric, double Bound);
}
