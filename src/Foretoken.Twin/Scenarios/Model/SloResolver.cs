using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>slo</c> section into bounds.</summary>
internal static class SloResolver
{
    public static SloModel Resolve(Bound slo, BindContext context)
    {
        var targets = new List<SloBound>();
        var request = new List<SloBound>();
        Read(slo, null, targets, request, context);
        var names = new List<string>();
        foreach (var own in slo.IsGood(SloFields.Classes) ? slo.Get(SloFields.Classes) ?? [] : [])
        {
            if (!own.IsGood(SloFields.ClassName) || own.Get(SloFields.ClassName) is not { } name)
            {
                continue;
            }

            if (names.Contains(name))
            {
                context.Add(own.PlaceOf(SloFields.ClassName), own.PathOf(SloFields.ClassName), $"'{name}' has bounds already", "all bounds of a class in one entry");
            }

            names.Add(name);
            var before = targets.Count + request.Count;
            Read(own, name, targets, request, context);
            if (targets.Count + request.Count == before && context.IsGood)
            {
                context.Add(own.PlaceOf(SloFields.ClassName), own.Path, $"bounds nothing of '{name}'", "give a metric and a statistic, for example time_to_first_token: {p95: 800ms}");
            }
        }

        return new SloModel(targets, request, slo.Get(SloFields.FailedFractionMax));
    }

    // The bounds of the whole section, or those of one class in it.
    private static void Read(Bound slo, string? workloadClass, List<SloBound> targets, List<SloBound> request, BindContext context)
    {
        foreach (var metric in SloFields.Durations.Concat(SloFields.Rates))
        {
            if (!slo.IsGood(metric) || slo.Get(metric) is not { } statistics)
            {
                continue;
            }

            var before = targets.Count;
            foreach (var field in statistics.Fields)
            {
                if (statistics.IsGood(field) && Number(statistics, field) is { } bound)
                {
                    targets.Add(new SloBound(metric.Name, SloFields.Statistics.First(s => s.Name == field.Name).Percentile, bound, workloadClass));
                }
            }

            if (targets.Count == before && context.IsGood)
            {
                context.Add(slo.PlaceOf(metric), slo.PathOf(metric), "bounds nothing", "give a statistic, for example p95");
            }
        }

        if (slo.IsGood(SloFields.Request) && slo.Get(SloFields.Request) is { } single)
        {
            foreach (var field in single.Fields)
            {
                if (single.IsGood(field) && Number(single, field) is { } bound)
                {
                    request.Add(new SloBound(field.Name, null, bound, workloadClass));
                }
            }
        }
    }

    private static double? Number(Bound bound, Field field) => bound.GetObject(field) switch
    {
        Quantities.SimDuration time => time.TotalMilliseconds,
        double speed => speed,
        _ => null,
    };
}
