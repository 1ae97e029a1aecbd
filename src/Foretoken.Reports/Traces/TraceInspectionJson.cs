using System.Text;
using System.Text.Json;
using Foretoken.Workloads.Traces;
using Foretoken.Workloads.Traces.Inspection;

namespace Foretoken.Reports.Traces;

/// <summary>
/// <c>trace inspect --json</c>: shape in docs/traces.md. Equal traces give equal bytes. A value that does not exist (the
/// correlation of constant lengths) is null.
/// </summary>
public static class TraceInspectionJson
{
    /// <summary>Version of the shape: the first number changes when a reader may break, the second when something was added.</summary>
    public const string SchemaVersion = "1.1";

    private const int MostBins = 120;

    private static readonly (string Name, double Q)[] Quantiles =
    [
        ("p1", 0.01), ("p5", 0.05), ("p10", 0.1), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999),
    ];

    /// <summary>The inspection as indented JSON with a final line feed.</summary>
    public static string Render(TraceFormat format, TraceInspector trace, long skippedRows)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            Write(json, format, trace, skippedRows);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, TraceFormat format, TraceInspector trace, long skippedRows)
    {
        var seconds = trace.Span.TotalSeconds;
        json.WriteStartObject();
        json.WriteString("schema_version", SchemaVersion);
        json.WriteString("format", TraceFormats.Name(format));
        json.WriteNumber("requests", trace.Requests);
        json.WriteNumber("skipped_rows", skippedRows);
        json.WriteNumber("timed_requests", trace.TimedRequests);
        Number(json, "span_seconds", trace.TimedRequests > 0 ? seconds : double.NaN);
        json.WriteNumber("prioritised_requests", trace.Prioritised);
        json.WriteStartObject("lengths");
        Lengths(json, "input_tokens", trace.Inputs);
        Lengths(json, "output_tokens", trace.Outputs);
        Number(json, "output_input_ratio", (double)trace.Outputs.Sum / (double)trace.Inputs.Sum);
        Number(json, "correlation", trace.Correlation);
        json.WriteEndObject();
        Load(json, trace, seconds);
        Burstiness(json, trace);
        Reuse(json, trace);
        Sessions(json, trace);
        Classes(json, trace);
        Timeline(json, trace);
        json.WriteEndObject();
    }

    private static void Lengths(Utf8JsonWriter json, string name, LengthCounts lengths)
    {
        json.WriteStartObject(name);
        json.WriteNumber("total", (decimal)lengths.Sum);
        Distribution(json, lengths);
        json.WriteStartArray("powers_of_two");
        foreach (var count in lengths.PowersOfTwo())
        {
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Distribution(Utf8JsonWriter json, LengthCounts counts)
    {
        Number(json, "mean", counts.Mean);
        Number(json, "std", counts.StandardDeviation);
        json.WriteNumber("min", counts.Minimum);
        foreach (var (name, q) in Quantiles)
        {
            Number(json, name, counts.Quantile(q));
        }

        json.WriteNumber("max", counts.Maximum);
    }

    private static void Load(Utf8JsonWriter json, TraceInspector trace, double seconds)
    {
        json.WriteStartObject("load");
        Number(json, "requests_per_second", trace.TimedRequests / seconds);
        Number(json, "input_tokens_per_second", trace.TimedInputTokens / seconds);
        Number(json, "uncached_input_tokens_per_second", trace.TimedUncachedTokens / seconds);
        Number(json, "output_tokens_per_second", trace.TimedOutputTokens / seconds);
        json.WriteBoolean("peaks_cover_all", trace.PeaksCoverAll);
        json.WriteStartArray("peaks");
        foreach (var window in trace.Peaks)
        {
            var full = window.Windows > 0;
            json.WriteStartObject();
            json.WriteNumber("window_seconds", window.Seconds);
            Number(json, "requests_per_second", full ? (double)window.PeakRequests / window.Seconds : double.NaN);
            Number(json, "input_tokens_per_second", full ? (double)window.PeakInputTokens / window.Seconds : double.NaN);
            Number(json, "uncached_input_tokens_per_second", full ? (double)window.PeakUncachedTokens / window.Seconds : double.NaN);
            Number(json, "output_tokens_per_second", full ? (double)window.PeakOutputTokens / window.Seconds : double.NaN);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Burstiness(Utf8JsonWriter json, TraceInspector trace)
    {
        json.WriteStartObject("burstiness");
        Number(json, "gap_cv", trace.GapVariation);
        json.WriteStartArray("dispersion");
        foreach (var window in trace.Windows)
        {
            json.WriteStartObject();
            json.WriteNumber("window_seconds", window.Seconds);
            json.WriteNumber("windows", window.Windows);
            Number(json, "index", window.Dispersion);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Reuse(Utf8JsonWriter json, TraceInspector trace)
    {
        var reuse = trace.Reuse;
        if (reuse.RowsWithIds == 0)
        {
            json.WriteNull("prefix_reuse");
            return;
        }

        var hot = reuse.HottestPrefix();
        json.WriteStartObject("prefix_reuse");
        json.WriteNumber("engine_block_tokens", reuse.EngineBlockTokens);
        json.WriteNumber("hash_block_tokens", reuse.HashBlockTokens);
        json.WriteNumber("requests_with_ids", reuse.RowsWithIds);
        json.WriteNumber("reused_tokens", reuse.ReusedTokens);
        Number(json, "token_share", reuse.ReusedTokens / (double)trace.Inputs.Sum);
        json.WriteNumber("requests_with_reuse", reuse.RowsWithReuse);
        Number(json, "request_share", reuse.RowsWithReuse / (double)trace.Requests);
        json.WriteNumber("distinct_hash_blocks", reuse.DistinctBlocks);
        json.WriteNumber("distinct_tokens", reuse.DistinctTokens);
        json.WriteNumber("hottest_prefix_requests", hot.Rows);
        json.WriteNumber("hottest_prefix_tokens", hot.Tokens);
        json.WriteEndObject();
    }

    private static void Sessions(Utf8JsonWriter json, TraceInspector trace)
    {
        if (trace.Sessions == 0)
        {
            json.WriteNull("sessions");
            return;
        }

        json.WriteStartObject("sessions");
        json.WriteNumber("count", trace.Sessions);
        json.WriteNumber("requests", trace.SessionRequests);
        json.WriteStartObject("turns");
        Distribution(json, trace.TurnsPerSession());
        json.WriteEndObject();
        json.WriteStartObject("delay_seconds");
        json.WriteNumber("count", trace.Delays);
        foreach (var (name, q) in Quantiles)
        {
            Number(json, name, trace.DelayQuantile(q));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Classes(Utf8JsonWriter json, TraceInspector trace)
    {
        json.WriteStartArray("classes");
        foreach (var own in trace.Classes)
        {
            json.WriteStartObject();
            json.WriteString("name", own.Name);
            json.WriteNumber("requests", own.Requests);
            Number(json, "request_share", (double)own.Requests / trace.Requests);
            Number(json, "token_share", (double)(own.Inputs.Sum + own.Outputs.Sum) / (double)(trace.Inputs.Sum + trace.Outputs.Sum));
            json.WriteStartObject("input_tokens");
            Distribution(json, own.Inputs);
            json.WriteEndObject();
            json.WriteStartObject("output_tokens");
            Distribution(json, own.Outputs);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Timeline(Utf8JsonWriter json, TraceInspector trace)
    {
        if (trace.TimedRequests == 0)
        {
            json.WriteNull("timeline");
            return;
        }

        var (bins, binSeconds) = trace.Timeline.InAtMost(MostBins);
        json.WriteStartObject("timeline");
        Number(json, "bin_seconds", binSeconds);
        Column(json, "requests", bins, b => b.Requests);
        Column(json, "input_tokens", bins, b => b.InputTokens);
        Column(json, "output_tokens", bins, b => b.OutputTokens);
        json.WriteEndObject();
    }

    private static void Column(Utf8JsonWriter json, string name, RateTimeline.Bin[] bins, Func<RateTimeline.Bin, long> value)
    {
        json.WriteStartArray(name);
        foreach (var bin in bins)
        {
            json.WriteNumberValue(value(bin));
        }

        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
