using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>slo</c> section into bounds.</summary>
internal static class SloResolver
{
    public static SloModel Resolve(Bound slo, BindContext context)
    {
        var targets = new List<SloBound>();
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
                    targets.Add(new SloBound(metric.Name, SloFields.Statistics.First(s => s.Name == field.Name).Percentile, bound));
                }
            }

            if (targets.Count == before && context.IsGood)
            {
                context.Add(slo.PlaceOf(metric), slo.PathOf(metric), "bounds nothing", "give a statistic, for example p95");
            }
        }

        var request = new List<SloBound>();
        if (slo.IsGood(SloFields.Request) && slo.Get(SloFields.Request) is { } single)
        {
            foreach (var field in single.Fields)
            {
                if (single.IsGood(field) && Number(single, field) is { } bound)
                {
                    request.Add(new SloBound(field.Name, null, bound));
                }
            }
        }

        return new SloModel(targets, request, slo.Get(SloFields.FailedFractionMax));
    }

    private static double? Number(Bound bound, Field field) => bound.GetObject(field) switch
    {
        Quantities.SimDuration time => time.TotalMilliseconds,
        double speed => speed,
        _ => null,
    };
}
