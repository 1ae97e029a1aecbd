using System.Globalization;
using System.Text.Json;
using Foretoken.Kernel.Statistics;
using Foretoken.Reports.Json;
using Foretoken.Metrics;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Html;

/// <summary>
/// What the page draws, as JSON: the summary, and drawings of the request table that stay small however many requests
/// there are. Deterministic but for the wall clock. The writer escapes everything that could end a script element.
/// </summary>
internal static class ReportData
{
    private const int PointsMax = 4000;
    private const int SlowestMax = 800;
    private const int LaneCellsMax = 150_000;
    private const int OverTimeBins = 120;

    private static readonly MetricDefinition[] Histograms =
    [
        MetricCatalogue.TimeToFirstToken, MetricCatalogue.RequestLatency, MetricCatalogue.QueueTime,
        MetricCatalogue.InterTokenLatency, MetricCatalogue.InterTokenGap, MetricCatalogue.OutputTokenThroughputPerUser,
    ];

    public static void Write(Utf8JsonWriter json, RunSummary summary, RunResult result)
    {
        json.WriteStartObject();
        json.WriteString("schema_version", SummaryJson.SchemaVersion);
        json.WriteString("foretoken_version", summary.Version);
        json.WriteBoolean("partial", summary.Partial);
        json.WriteString("stop_reason", SummaryJson.NameOf(summary.StopReason));
        SummaryJson.WriteScenario(json, summary);
        WriteRun(json, summary);
        json.WriteNumber("simulated_end_seconds", Math.Max(result.End.TotalSeconds, 1e-9));
        SummaryJson.WriteRequests(json, summary.Requests);
        SummaryJson.WriteSlo(json, summary.Slo);
        WriteMetrics(json, summary);
        SummaryJson.WriteClasses(json, summary);
        SummaryJson.WriteReplicas(json, summary.Replicas);
        SummaryJson.WritePools(json, summary.Pools);
        TierData.Write(json, summary);
        if (summary.HandOffs is { } handOffs)
        {
            HandOffJson.Write(json, handOffs, summary.SimulatedSeconds);
        }

        WriteTimeline(json, result);
        WriteOverTime(json, result);
        WriteLanes(json, result);
        RoutingData.Write(json, result);
        WriteHistograms(json, summary, result);
        WritePoints(json, summary, result);
        SummaryJson.WriteWallClock(json, summary.WallClock);
        json.WriteEndObject();
    }

    private static void WriteRun(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject("run");
        // A text: the page's numbers hold 53 bits, a seed has 64.
        json.WriteString("seed", summary.Seed.ToString(CultureInfo.InvariantCulture));
        json.WriteString("fingerprint", SummaryJson.Fingerprint(summary.Fingerprint));
        json.WriteString("engine_mode", summary.EngineMode);
        json.WriteNumber("replicas", summary.Replicas.Count);
        json.WriteNumber("gpus_per_replica", summary.GpusPerReplica);
        json.WriteNumber("simulated_seconds", summary.SimulatedSeconds);
        json.WriteEndObject();
    }

    private static void WriteMetrics(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartArray("metrics");
        foreach (var (metric, values) in summary.Distributions)
        {
            json.WriteStartObject();
            json.WriteString("tag", metric.Tag);
            json.WriteString("name", metric.Name);
            json.WriteString("unit", metric.Unit);
            json.WriteBoolean("higher_is_better", metric.Better == MetricDirection.Higher);
            SummaryJson.Number(json, "avg", values.Mean);
            SummaryJson.Number(json, "min", values.Minimum);
            SummaryJson.Number(json, "max", values.Maximum);
            SummaryJson.Number(json, "std", values.StandardDeviation);
            foreach (var (p, value) in values.Percentiles)
            {
                SummaryJson.Number(json, Distribution.PercentileName(p), value);
            }

            json.WriteNumber("count", values.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("values");
        foreach (var (metric, value) in summary.Values)
        {
            json.WriteStartObject();
            json.WriteString("tag", metric.Tag);
            json.WriteString("name", metric.Name);
            json.WriteString("unit", metric.Unit);
            json.WriteBoolean("ratio", metric.IsShare);
            SummaryJson.Number(json, "value", value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("definitions");
        foreach (var metric in MetricCatalogue.All)
        {
            json.WriteStartObject();
            json.WriteString("tag", metric.Tag);
            json.WriteString("name", metric.Name);
            json.WriteString("definition", metric.Definition);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTimeline(Utf8JsonWriter json, RunResult result)
    {
        // Bins near the length of a step would draw the steps' rhythm instead of the rate.
        var timeline = FleetTimeline.Of(result, Math.Min(200_000_000, result.End.Nanoseconds / 50));
        json.WriteStartObject("timeline");
        json.WriteNumber("bin_seconds", timeline.WidthNanoseconds / 1e9);
        Series(json, "arrivals", timeline.Arrivals.Select(v => (double)v));
        Series(json, "completions", timeline.Completions.Select(v => (double)v));
        Series(json, "output_tokens", timeline.OutputTokens.Select(v => (double)v));
        Series(json, "running", timeline.Running);
        Series(json, "waiting", timeline.Waiting);
        if (timeline.Held is { } held)
        {
            Series(json, "held", held);
        }

        if (timeline.Shed is { } shed)
        {
            Series(json, "shed", shed.Select(v => (double)v));
        }

        Series(json, "kv_cache_usage", timeline.KvUsage);
        Series(json, "replicas", timeline.Replicas);
        Series(json, "replicas_held", timeline.ReplicasHeld);
        TierData.WriteTimeline(json, timeline);
        Series(json, "handed_bytes", HandedBytes(result, timeline), digits: 7);
        json.WriteEndObject();
    }

    // KV that came whole, by the moment it was there; empty without hand-overs.
    private static double[] HandedBytes(RunResult result, FleetTimeline timeline)
    {
        if (result.HandOffs is null)
        {
            return [];
        }

        var bytes = new double[timeline.Arrivals.Count];
        foreach (var row in result.HandOffs.Rows)
        {
            if (row.Arrived != Quantities.SimTime.Never)
            {
                bytes[Math.Min(bytes.Length - 1, (int)(row.Arrived.Nanoseconds / timeline.WidthNanoseconds))] += row.Bytes;
            }
        }

        return bytes;
    }

    /// <summary>Time to first token by time of arrival: answered requests of the measured part in bins of equal width.</summary>
    private static void WriteOverTime(Utf8JsonWriter json, RunResult result)
    {
        var table = result.Requests;
        var end = Math.Max(1, result.End.Nanoseconds);
        var bins = Math.Clamp(table.Count / 5, 1, OverTimeBins);
        var ttft = RequestMetrics.IndexOf(MetricCatalogue.TimeToFirstToken);
        var median = new double[bins];
        var tail = new double[bins];
        var slowest = new double[bins];
        Array.Fill(median, double.NaN);
        Array.Fill(tail, double.NaN);
        Array.Fill(slowest, double.NaN);
        var values = new List<double>();
        var row = Math.Min(result.WarmUpRequests, table.Count);
        while (row < table.Count)
        {
            var bin = BinOf(row);
            values.Clear();
            for (; row < table.Count && BinOf(row) == bin; row++)
            {
                var raw = RequestMetrics.Raw(ttft, table, row);
                if (RequestMetrics.Answered(table.Outcome(row)) && !double.IsNaN(raw))
                {
                    values.Add(RequestMetrics.InUnit(ttft, raw));
                }
            }

            if (values.Count > 0)
            {
                values.Sort();
                var sorted = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values);
                median[bin] = RequestStatistics.Percentile(sorted, 50);
                tail[bin] = RequestStatistics.Percentile(sorted, 95);
                slowest[bin] = sorted[^1];
            }
        }

        json.WriteStartObject("over_time");
        json.WriteNumber("bin_seconds", end / 1e9 / bins);
        Series(json, "p50", median);
        Series(json, "p95", tail);
        Series(json, "max", slowest);
        RoutingData.WriteReuse(json, result, bins, BinOf);
        json.WriteEndObject();

        int BinOf(int i) => (int)Math.Min(bins - 1, (double)table.Arrival(i).Nanoseconds / end * bins);
    }

    /// <summary>Per replica and bin one byte each: running and waiting as a share of the highest mean, KV as a share of its blocks.</summary>
    private static void WriteLanes(Utf8JsonWriter json, RunResult result)
    {
        var replicas = result.Replicas;
        var width = replicas.Select(r => r.Timeline.Width).DefaultIfEmpty(1).Max();
        while (result.End.Nanoseconds / width >= OccupancyTimeline.BinsMax)
        {
            width *= 2;
        }

        var fine = replicas.Select(r => (r.Timeline.Bins - 1) / (int)(width / r.Timeline.Width) + 1).Append((int)(Math.Max(0, result.End.Nanoseconds - 1) / width) + 1).Max();
        var together = (int)Math.Ceiling((double)fine * replicas.Count / LaneCellsMax);
        together = Math.Max(1, together);
        width *= together;
        var bins = (fine + together - 1) / together;
        var running = new double[replicas.Count * bins];
        var waiting = new double[replicas.Count * bins];
        var kv = new double[replicas.Count * bins];
        for (var r = 0; r < replicas.Count; r++)
        {
            var line = replicas[r].Timeline;
            var ratio = (int)(width / line.Width);
            for (var i = 0; i < line.Bins; i++)
            {
                var cell = r * bins + i / ratio;
                running[cell] += line.Running[i];
                waiting[cell] += line.Waiting[i];
                kv[cell] += replicas[r].KvBlocks == 0 ? 0 : (double)line.Blocks[i] / replicas[r].KvBlocks;
            }

            for (var bin = 0; bin < bins; bin++)
            {
                var span = Math.Min(width, result.End.Nanoseconds - bin * width);
                foreach (var cells in new[] { running, waiting, kv })
                {
                    cells[r * bins + bin] = span <= 0 ? 0 : cells[r * bins + bin] / span;
                }
            }
        }

        json.WriteStartObject("lanes");
        json.WriteNumber("workers", replicas.Count);
        json.WriteNumber("first_worker", replicas.Count == 0 ? 0 : replicas[0].Worker);
        json.WriteNumber("bins", bins);
        json.WriteNumber("bin_seconds", width / 1e9);
        Bytes(json, "running", running, running.DefaultIfEmpty().Max());
        Bytes(json, "waiting", waiting, waiting.DefaultIfEmpty().Max());
        Bytes(json, "kv_cache_usage", kv, 1);
        json.WriteEndObject();
    }

    private static void WriteHistograms(Utf8JsonWriter json, RunSummary summary, RunResult result)
    {
        json.WriteStartArray("histograms");
        foreach (var metric in Histograms)
        {
            if (summary.DistributionOf(metric) is not { Maximum: > 0 } values)
            {
                continue;
            }

            // A logarithmic axis has no zero: what is (nearly) nothing goes into the first bin.
            var bins = new LogBins(Math.Max(values.Minimum, values.Maximum * 1e-5), values.Maximum);
            if (metric.Kind == MetricKind.Pooled)
            {
                foreach (var (value, count) in result.TokenGaps.Buckets())
                {
                    bins.Add(value / 1e6, count);
                }
            }
            else
            {
                var index = RequestMetrics.IndexOf(metric);
                for (var i = result.WarmUpRequests; i < result.Requests.Count; i++)
                {
                    var raw = RequestMetrics.Raw(index, result.Requests, i);
                    if (RequestMetrics.Answered(result.Requests.Outcome(i)) && !double.IsNaN(raw))
                    {
                        bins.Add(RequestMetrics.InUnit(index, raw));
                    }
                }
            }

            json.WriteStartObject();
            json.WriteString("tag", metric.Tag);
            Series(json, "edges", bins.Edges);
            Series(json, "counts", bins.Counts.Select(c => (double)c));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>All answered requests when they are few, else every n-th and the slowest to a first token of each interval.</summary>
    private static void WritePoints(Utf8JsonWriter json, RunSummary summary, RunResult result)
    {
        var table = result.Requests;
        var ttft = RequestMetrics.IndexOf(MetricCatalogue.TimeToFirstToken);
        var every = summary.Requests.Answered <= PointsMax ? 1 : (int)Math.Ceiling(summary.Requests.Answered / (double)(PointsMax - SlowestMax));
        var end = Math.Max(1, result.End.Nanoseconds);
        var slowest = new int[SlowestMax];
        var worst = new double[SlowestMax];
        Array.Fill(slowest, -1);
        var rows = new List<int>();
        var answered = 0;
        for (var i = result.WarmUpRequests; i < table.Count; i++)
        {
            if (!RequestMetrics.Answered(table.Outcome(i)))
            {
                continue;
            }

            if (answered++ % every == 0)
            {
                rows.Add(i);
            }

            var slot = (int)Math.Min(SlowestMax - 1, (double)table.Arrival(i).Nanoseconds / end * SlowestMax);
            var value = RequestMetrics.Raw(ttft, table, i);
            if (every > 1 && value > worst[slot])
            {
                worst[slot] = value;
                slowest[slot] = i;
            }
        }

        var chosen = rows.Concat(slowest.Where(i => i >= 0)).Distinct().Order().ToArray();
        json.WriteStartObject("points");
        json.WriteNumber("of", answered);
        Series(json, "index", chosen.Select(i => (double)i));
        Series(json, "arrival_s", chosen.Select(i => table.Arrival(i).TotalSeconds), digits: 7);
        Series(json, "worker", chosen.Select(i => (double)table.Worker(i)));
        Series(json, "input", chosen.Select(i => (double)table.InputTokens(i)));
        Series(json, "output", chosen.Select(i => (double)table.OutputTokens(i)));
        Metric("ttft_ms", MetricCatalogue.TimeToFirstToken);
        Metric("latency_ms", MetricCatalogue.RequestLatency);
        Metric("itl_ms", MetricCatalogue.InterTokenLatency);
        json.WriteEndObject();

        void Metric(string name, MetricDefinition metric)
        {
            var index = RequestMetrics.IndexOf(metric);
            Series(json, name, chosen.Select(i => RequestMetrics.InUnit(index, RequestMetrics.Raw(index, table, i))), digits: 4);
        }
    }

    internal static void Series(Utf8JsonWriter json, string name, IEnumerable<double> values, int digits = 5)
    {
        var format = "G" + digits.ToString(CultureInfo.InvariantCulture);
        json.WritePropertyName(name);
        json.WriteRawValue("[" + string.Join(',', values.Select(Text)) + "]");

        string Text(double value) =>
            !double.IsFinite(value) ? "null"
            : value == Math.Floor(value) && Math.Abs(value) < 1e15 ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static void Bytes(Utf8JsonWriter json, string name, double[] cells, double most)
    {
        var bytes = new byte[cells.Length];
        for (var i = 0; i < cells.Length; i++)
        {
            // The smallest load still shows as something.
            bytes[i] = most <= 0 || cells[i] <= 0 ? (byte)0 : (byte)Math.Clamp(Math.Round(cells[i] / most * 255), 1, 255);
        }

        json.WriteBase64String(name, bytes);
        json.WriteNumber(name + "_max", most);
    }
}
