using System.Text.Json;
using Foretoken.Metrics.Summaries;

namespace Foretoken.Reports.Json;

/// <summary>KV handed from prefill to decode replicas, in <c>summary.json</c> and in the page's data.</summary>
internal static class HandOffJson
{
    public static void Write(Utf8JsonWriter json, HandOffSummary handOffs, double seconds)
    {
        json.WriteStartObject("hand_offs");
        json.WriteNumber("requests", handOffs.Requests);
        json.WriteNumber("local", handOffs.Local);
        json.WriteNumber("bytes", handOffs.Bytes);
        SummaryJson.Number(json, "memory_wait_ms_mean", handOffs.MemoryWait.Mean);
        SummaryJson.Number(json, "memory_wait_ms_p95", handOffs.MemoryWait.P95);
        SummaryJson.Number(json, "transfer_ms_mean", handOffs.Transfer.Mean);
        SummaryJson.Number(json, "transfer_ms_p95", handOffs.Transfer.P95);
        json.WriteStartArray("links");
        foreach (var link in handOffs.Links)
        {
            json.WriteStartObject();
            json.WriteString("name", link.Name);
            SummaryJson.Number(json, "bytes_per_second", link.BytesPerSecond);
            json.WriteNumber("bytes", link.Bytes);
            SummaryJson.Number(json, "use", HandOffSummary.Use(link, seconds));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
