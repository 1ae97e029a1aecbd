using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Metrics.Slo;

/// <summary>From a scenario's bounds to those that reports judge by.</summary>
public static class SloMapping
{
    /// <summary>The bounds; null when the scenario has none.</summary>
    public static SloSpec? ToSpec(SloModel? slo) => slo is null ? null : new SloSpec
    {
        Targets = [.. slo.Targets.Select(t => new SloTarget { Metric = t.Metric, Percentile = t.Percentile, Bound = t.Bound, Class = t.Class })],
        RequestBounds = [.. slo.Request.Select(r => new SloRequestBound(r.Metric, r.Bound, r.Class))],
        FailedFractionMax = slo.FailedFractionMax,
    };
}
