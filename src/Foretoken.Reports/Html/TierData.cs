using System.Text.Json;
using Foretoken.Engines.Tiers;
using Foretoken.Reports.Json;
using Foretoken.Metrics.Summaries;

namespace Foretoken.Reports.Html;

/// <summary>KV outside the GPU, for the page: per tier all replicas together, and over time.</summary>
internal static class TierData
{
    /// <summary>One row per tier; empty where no engine keeps any KV outside the GPU.</summary>
    public static void Write(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartArray("kv_tiers");
        foreach (var tiers in summary.Replicas.Where(r => r.Tiers is not null).SelectMany(r => r.Tiers!.Tiers).GroupBy(t => t.Name))
        {
            json.WriteStartObject();
            json.WriteString("name", tiers.Key);
            json.WriteNumber("hit_tokens", tiers.Sum(t => t.HitTokens));
            json.WriteNumber("read_tokens", tiers.Sum(t => t.ReadTokens));
            json.WriteNumber("written_tokens", tiers.Sum(t => t.WrittenTokens));
            json.WriteNumber("evicted_tokens", tiers.Sum(t => t.EvictedTokens));
            json.WriteNumber("peak_tokens", tiers.Max(t => t.PeakTokens));
            if (tiers.First().CapacityTokens is { } capacity)
            {
                json.WriteNumber("capacity_tokens", capacity);
            }
            else
            {
                json.WriteNull("capacity_tokens");
            }

            json.WriteNumber("read_bytes", tiers.Sum(t => t.ReadBytes));
            json.WriteNumber("written_bytes", tiers.Sum(t => t.WrittenBytes));
            json.WriteNumber("read_seconds", tiers.Sum(t => t.ReadTime.TotalSeconds));
            json.WriteNumber("write_seconds", tiers.Sum(t => t.WriteTime.TotalSeconds));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The series that have anything in them, among those of the timeline.</summary>
    public static void WriteTimeline(Utf8JsonWriter json, FleetTimeline timeline)
    {
        foreach (var kind in Enum.GetValues<TierEvent>())
        {
            var counts = timeline.Tiers?.GetValueOrDefault(kind) ?? [];
            ReportData.Series(json, TierJson.NameOf(kind), Array.Exists(counts, c => c > 0) ? counts.Select(c => (double)c) : []);
        }
    }
}
