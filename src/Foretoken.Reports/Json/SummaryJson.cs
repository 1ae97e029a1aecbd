using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Reports.Files;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Json;

/// <summary>
/// <c>summary.json</c>, described by <c>docs/schema/summary.schema.json</c>. Equal summaries give equal bytes: fixed order
/// of keys, shortest round-trip numbers. Everything that depends on the wall clock stands under <c>wall_clock</c>.
/// </summary>
public static class SummaryJson
{
    /// <summary>Version of the layout: the first number changes when a reader may break, the second when something was added.</summary>
    public const string SchemaVersion = "1.2";

    /// <summary>Writes the summary to a file that appears whole or not at all.</summary>
    public static void WriteFile(RunSummary summary, string path)
    {
        using var file = NewFile.Create(path);
        file.Write(stream => Write(summary, stream));
        file.Commit();
    }

    /// <summary>Writes the summary as indented UTF-8 with a final line feed.</summary>
    public static void Write(RunSummary summary, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            Write(json, summary);
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>The name of a stop reason in every output.</summary>
    public static string NameOf(StopReason reason) => reason switch
    {
        StopReason.Completed => "completed",
        StopReason.Interrupted => "interrupted",
        StopReason.TimeLimit => "time_limit",
        StopReason.Stalled => "stalled",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    /// <summary>The name of a verdict in every output.</summary>
    public static string NameOf(SloVerdict verdict) => verdict switch
    {
        SloVerdict.Met => "met",
        SloVerdict.Missed => "missed",
        SloVerdict.Undecided => "undecided",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };

    internal static string Fingerprint(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject();
        json.WriteString("schema_version", SchemaVersion);
        json.WriteString("foretoken_version", summary.Version);
        json.WriteBoolean("partial", summary.Partial);
        json.WriteString("stop_reason", NameOf(summary.StopReason));
        WriteScenario(json, summary);
        WriteRun(json, summary);
        WriteRequests(json, summary.Requests);
        WriteSlo(json, summary.Slo);
        WriteMetrics(json, summary);
        WriteClasses(json, summary);
        WriteReplicas(json, summary.Replicas);
        WritePools(json, summary.Pools);
        WriteTimeline(json, summary.Timeline);
        if (summary.HandOffs is { } handOffs)
        {
            HandOffJson.Write(json, handOffs, summary.SimulatedSeconds);
        }

        if (summary.ExplainedRequest is { } life)
        {
            RequestLifeJson.Write(json, life);
        }

        WriteWallClock(json, summary.WallClock);
        json.WriteEndObject();
    }

    internal static void WriteScenario(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject("scenario");
        json.WriteString("name", summary.ScenarioName);
        json.WriteString("path", summary.ScenarioPath);
        WriteTexts(json, "headline", summary.Headline);
        WriteTexts(json, "notes", summary.Notes);
        json.WriteStartObject("settings");
        foreach (var (key, value) in summary.Settings)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteRun(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject("run");
        json.WriteNumber("seed", summary.Seed);
        json.WriteString("fingerprint", Fingerprint(summary.Fingerprint));
        json.WriteString("engine_mode", summary.EngineMode);
        json.WriteNumber("replicas", summary.Replicas.Count);
        Number(json, "gpus_per_replica", summary.GpusPerReplica);
        Number(json, "simulated_seconds", summary.SimulatedSeconds);
        json.WriteEndObject();
    }

    internal static void WriteRequests(Utf8JsonWriter json, OutcomeCounts requests)
    {
        json.WriteStartObject("requests");
        json.WriteNumber("total", requests.Total);
        json.WriteNumber("warm_up", requests.WarmUp);
        json.WriteNumber("measured", requests.Measured);
        json.WriteNumber("completed", requests.Completed);
        json.WriteNumber("truncated", requests.Truncated);
        json.WriteNumber("rejected", requests.Rejected);
        json.WriteNumber("shed", requests.Shed);
        json.WriteNumber("aborted", requests.Aborted);
        json.WriteNumber("unfinished", requests.Unfinished);
        json.WriteEndObject();
    }

    internal static void WriteSlo(Utf8JsonWriter json, SloResult? slo)
    {
        if (slo is null)
        {
            json.WriteNull("slo");
            return;
        }

        json.WriteStartObject("slo");
        json.WriteString("verdict", NameOf(slo.Verdict));
        json.WriteStartArray("targets");
        foreach (var target in slo.Targets)
        {
            json.WriteStartObject();
            json.WriteString("metric", target.Metric.Tag);
            json.WriteString("statistic", target.Statistic);
            if (target.Class is { } own)
            {
                json.WriteString("class", own);
            }

            json.WriteString("comparison", Comparison(target.Metric));
            Number(json, "bound", target.Bound);
            Number(json, "value", target.Value);
            json.WriteString("unit", target.Metric.Unit);
            json.WriteString("verdict", NameOf(target.Verdict));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("request_bounds");
        foreach (var bound in slo.RequestBounds)
        {
            var metric = Metrics.MetricCatalogue.Find(bound.Metric)!;
            json.WriteStartObject();
            json.WriteString("metric", metric.Tag);
            if (bound.Class is { } own)
            {
                json.WriteString("class", own);
            }

            json.WriteString("comparison", Comparison(metric));
            Number(json, "bound", bound.Bound);
            json.WriteString("unit", metric.Unit);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Number(json, "failed_fraction", slo.FailedFraction);
        Number(json, "failed_fraction_max", slo.FailedFractionMax);
        json.WriteNumber("judged_minutes", slo.JudgedMinutes);
        json.WriteStartArray("bad_minutes");
        foreach (var minute in slo.BadMinutes)
        {
            json.WriteNumberValue(minute);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMetrics(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject("metrics");
        WriteDistributions(json, summary.Distributions);

        foreach (var (metric, value) in summary.Values)
        {
            json.WriteStartObject(metric.Tag);
            json.WriteString("unit", metric.Unit);
            Number(json, "avg", value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteDistributions(Utf8JsonWriter json, IReadOnlyList<MetricStatistics> distributions)
    {
        foreach (var (metric, values) in distributions)
        {
            json.WriteStartObject(metric.Tag);
            json.WriteString("unit", metric.Unit);
            Number(json, "avg", values.Mean);
            Number(json, "min", values.Minimum);
            Number(json, "max", values.Maximum);
            foreach (var (p, value) in values.Percentiles)
            {
                Number(json, Distribution.PercentileName(p), value);
            }

            Number(json, "std", values.StandardDeviation);
            json.WriteNumber("count", values.Count);
            Number(json, "sum", values.Sum);
            json.WriteEndObject();
        }
    }

    // Only where the workload has classes.
    internal static void WriteClasses(Utf8JsonWriter json, RunSummary summary)
    {
        if (summary.Classes.Count == 0)
        {
            return;
        }

        json.WriteStartArray("classes");
        foreach (var own in summary.Classes)
        {
            json.WriteStartObject();
            json.WriteString("name", own.Name);
            json.WriteNumber("requests", own.Requests);
            Number(json, "request_share", (double)own.Requests / Math.Max(1, summary.Requests.Measured));
            json.WriteNumber("answered", own.Answered);
            if (own.Good is { } good)
            {
                json.WriteNumber("good", good);
            }

            json.WriteStartObject("metrics");
            WriteDistributions(json, own.Distributions);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static void WriteReplicas(Utf8JsonWriter json, IReadOnlyList<ReplicaSummary> replicas)
    {
        json.WriteStartArray("replicas");
        foreach (var replica in replicas)
        {
            json.WriteStartObject();
            json.WriteNumber("worker", replica.Worker);
            json.WriteNumber("requests", replica.Requests);
            json.WriteNumber("steps", replica.Steps);
            Number(json, "busy_fraction", replica.BusyFraction);
            json.WriteNumber("prefill_tokens", replica.PrefillTokens);
            json.WriteNumber("output_tokens", replica.OutputTokens);
            json.WriteNumber("preemptions", replica.Preemptions);
            json.WriteNumber("kv_blocks", replica.KvBlocks);
            Number(json, "kv_cache_usage_mean", replica.KvUsageMean);
            Number(json, "kv_cache_usage_peak", replica.KvUsagePeak);
            Number(json, "running_requests_mean", replica.RunningMean);
            json.WriteNumber("running_requests_peak", replica.RunningPeak);
            Number(json, "waiting_requests_mean", replica.WaitingMean);
            json.WriteNumber("waiting_requests_peak", replica.WaitingPeak);
            if (replica.Tiers is { } tiers)
            {
                TierJson.Write(json, tiers);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static void WritePools(Utf8JsonWriter json, IReadOnlyList<PoolSummary> pools)
    {
        json.WriteStartArray("pools");
        foreach (var pool in pools)
        {
            json.WriteStartObject();
            json.WriteString("name", pool.Name);
            json.WriteString("role", pool.Role.ToString().ToLowerInvariant());
            json.WriteNumber("replicas", pool.Replicas);
            json.WriteNumber("gpus_per_replica", pool.GpusPerReplica);
            Number(json, "gpu_hours", pool.GpuHours);
            Number(json, "price_per_gpu_hour", pool.PricePerGpuHour ?? double.NaN);
            Number(json, "cost", pool.Cost ?? double.NaN);
            json.WriteNumber("prefill_tokens", pool.PrefillTokens);
            json.WriteNumber("output_tokens", pool.OutputTokens);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTimeline(Utf8JsonWriter json, FleetTimeline timeline)
    {
        json.WriteStartObject("timeline");
        Number(json, "bin_seconds", timeline.WidthNanoseconds / 1e9);
        Array(json, "arrivals", timeline.Arrivals);
        Array(json, "completions", timeline.Completions);
        Array(json, "output_tokens", timeline.OutputTokens);
        Array(json, "running", timeline.Running);
        Array(json, "waiting", timeline.Waiting);
        Array(json, "kv_cache_usage", timeline.KvUsage);
        Array(json, "replicas", timeline.Replicas);
        Array(json, "replicas_held", timeline.ReplicasHeld);
        if (timeline.Held is { } held)
        {
            Array(json, "held", held);
        }

        if (timeline.Shed is { } shed)
        {
            Array(json, "shed", shed);
        }

        if (timeline.Tiers is { } tiers)
        {
            foreach (var (kind, values) in tiers)
            {
                Array(json, TierJson.NameOf(kind), values);
            }
        }

        json.WriteEndObject();
    }

    internal static void WriteWallClock(Utf8JsonWriter json, WallClock? clock)
    {
        if (clock is null)
        {
            json.WriteNull("wall_clock");
            return;
        }

        json.WriteStartObject("wall_clock");
        Number(json, "set_up_seconds", clock.SetUpSeconds ?? double.NaN);
        Number(json, "run_seconds", clock.RunSeconds);
        Number(json, "simulated_seconds_per_second", clock.SimulatedSecondsPerSecond);
        Number(json, "requests_per_second", clock.RequestsPerSecond);
        Number(json, "output_tokens_per_second", clock.OutputTokensPerSecond);
        Number(json, "tokens_per_second", clock.TokensPerSecond);
        Number(json, "steps_per_second", clock.StepsPerSecond);
        json.WriteEndObject();
    }

    private static string Comparison(Metrics.MetricDefinition metric) => metric.Better == Metrics.MetricDirection.Higher ? "at_least" : "at_most";

    // One line per series: a timeline has hundreds of bins.
    private static void Array(Utf8JsonWriter json, string name, IReadOnlyList<long> values)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < values.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{values[i]}");
        }

        json.WritePropertyName(name);
        json.WriteRawValue(text.Append(']').ToString());
    }

    private static void Array(Utf8JsonWriter json, string name, IReadOnlyList<double> values)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < values.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{values[i]}");
        }

        json.WritePropertyName(name);
        json.WriteRawValue(text.Append(']').ToString());
    }

    internal static void Number(Utf8JsonWriter json, string name, double value)
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
