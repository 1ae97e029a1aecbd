using Foretoken.Metrics.Slo;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Simulation;

/// <summary>From a scenario's bounds to those that reports judge by.</summary>
internal static class SloMapping
{
    public static SloSpec? ToSpec(SloModel? slo) => slo is null ? null : new SloSpec
    {
        Targets = [.. slo.Targets.Select(t => new SloTarget { Metric = t.Metric, Percentile = t.Percentile, Bound = t.Bound })],
        RequestBounds = [.. slo.Request.Select(r => new SloRequestBound(r.Metric, r.Bound))],
        FailedFractionMax = slo.FailedFractionMax,
    };
}
