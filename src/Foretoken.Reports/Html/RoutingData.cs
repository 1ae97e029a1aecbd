using System.Text.Json;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Html;

/// <summary>What the router's decisions came to: what each worker got, and how much of it its cache knew.</summary>
internal static class RoutingData
{
    /// <summary>Requests, prompt tokens and cached prompt tokens by worker; null with fewer than two workers.</summary>
    public static void Write(Utf8JsonWriter json, RunResult result)
    {
        if (result.Replicas.Count < 2)
        {
            json.WriteNull("routing");
            return;
        }

        var table = result.Requests;
        var place = new Dictionary<int, int>();
        foreach (var replica in result.Replicas)
        {
            place.Add(replica.Worker, place.Count);
        }

        var requests = new double[place.Count];
        var prompts = new double[place.Count];
        var cached = new double[place.Count];
        for (var i = Math.Min(result.WarmUpRequests, table.Count); i < table.Count; i++)
        {
            if (RequestMetrics.Answered(table.Outcome(i)) && place.TryGetValue(table.Worker(i), out var at))
            {
                requests[at]++;
                prompts[at] += table.InputTokens(i);
                cached[at] += table.CachedTokens(i);
            }
        }

        json.WriteStartObject("routing");
        ReportData.Series(json, "workers", result.Replicas.Select(r => (double)r.Worker));
        ReportData.Series(json, "requests", requests, digits: 9);
        ReportData.Series(json, "input_tokens", prompts, digits: 9);
        ReportData.Series(json, "cached_share", cached.Zip(prompts, (c, p) => p > 0 ? c / p : double.NaN));
        json.WriteEndObject();
    }

    /// <summary>Share of the prompt tokens that were cached, by time of arrival; empty when nothing ever was.</summary>
    public static void WriteReuse(Utf8JsonWriter json, RunResult result, int bins, Func<int, int> binOf)
    {
        var table = result.Requests;
        var prompts = new double[bins];
        var cached = new double[bins];
        for (var i = Math.Min(result.WarmUpRequests, table.Count); i < table.Count; i++)
        {
            if (RequestMetrics.Answered(table.Outcome(i)))
            {
                prompts[binOf(i)] += table.InputTokens(i);
                cached[binOf(i)] += table.CachedTokens(i);
            }
        }

        ReportData.Series(json, "reuse", cached.Any(c => c > 0) ? cached.Zip(prompts, (c, p) => p > 0 ? c / p : double.NaN) : []);
    }
}
