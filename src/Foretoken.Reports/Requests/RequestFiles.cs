using System.Text.Json;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Requests;

/// <summary>
/// One row per request, warm-up included, in order of issue. Times on the run's clock are whole nanoseconds since its start;
/// derived durations are milliseconds, as in the summary. What never came is <c>null</c> (JSON lines) or empty (CSV).
/// </summary>
public static class RequestFiles
{
    /// <summary>Column names of both files, in order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "index", "arrival_ns", "dispatch_ns", "scheduled_ns", "first_token_ns", "second_token_ns", "last_token_ns",
        "worker", "input_tokens", "output_tokens", "cached_tokens", "preemptions", "outcome",
        "time_to_first_token_ms", "inter_token_latency_ms", "request_latency_ms", "class",
    ];

    private static readonly int FirstToken = RequestMetrics.IndexOf(Metrics.MetricCatalogue.TimeToFirstToken);
    private static readonly int InterToken = RequestMetrics.IndexOf(Metrics.MetricCatalogue.InterTokenLatency);
    private static readonly int Latency = RequestMetrics.IndexOf(Metrics.MetricCatalogue.RequestLatency);

    /// <summary>Writes <c>requests.jsonl</c>: one JSON object per line.</summary>
    public static void WriteJsonLines(RunResult result, Stream stream)
    {
        var names = Columns.Select((name, i) => System.Text.Encoding.UTF8.GetBytes((i == 0 ? "{\"" : ",\"") + name + "\":")).ToArray();
        var classes = result.Classes.Select(name => System.Text.Encoding.UTF8.GetBytes('"' + JsonEncodedText.Encode(name).ToString() + '"')).ToArray();
        Write(result.Requests, classes, stream, names, none: "null"u8, quote: "\""u8, end: "}\n"u8);
    }

    /// <summary>Writes <c>requests.csv</c>: a heading and one line per request.</summary>
    public static void WriteCsv(RunResult result, Stream stream)
    {
        stream.Write(System.Text.Encoding.UTF8.GetBytes(string.Join(',', Columns) + "\n"));
        var names = Columns.Select((_, i) => i == 0 ? Array.Empty<byte>() : ","u8.ToArray()).ToArray();
        var classes = result.Classes.Select(name => System.Text.Encoding.UTF8.GetBytes(name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"')).ToArray();
        Write(result.Requests, classes, stream, names, none: ""u8, quote: ""u8, end: "\n"u8);
    }

    private static void Write(RequestTable table, byte[][] classes, Stream stream, byte[][] names, ReadOnlySpan<byte> none, ReadOnlySpan<byte> quote, ReadOnlySpan<byte> end)
    {
        var row = new Utf8Row(stream);
        for (var i = 0; i < table.Count; i++)
        {
            var column = 0;
            row.Text(names[column++]);
            row.Number(i);
            row.Text(names[column++]);
            Time(row, table.Arrival(i), none);
            row.Text(names[column++]);
            Time(row, table.Dispatch(i), none);
            row.Text(names[column++]);
            Time(row, table.Scheduled(i), none);
            row.Text(names[column++]);
            Time(row, table.FirstToken(i), none);
            row.Text(names[column++]);
            Time(row, table.SecondToken(i), none);
            row.Text(names[column++]);
            Time(row, table.LastToken(i), none);
            row.Text(names[column++]);
            if (table.Worker(i) < 0)
            {
                row.Text(none);
            }
            else
            {
                row.Number(table.Worker(i));
            }

            row.Text(names[column++]);
            row.Number(table.InputTokens(i));
            row.Text(names[column++]);
            row.Number(table.OutputTokens(i));
            row.Text(names[column++]);
            row.Number(table.CachedTokens(i));
            row.Text(names[column++]);
            row.Number(table.Preemptions(i));
            row.Text(names[column++]);
            row.Text(quote);
            row.Text(NameOf(table.Outcome(i)));
            row.Text(quote);
            row.Text(names[column++]);
            Metric(row, FirstToken, table, i, none);
            row.Text(names[column++]);
            Metric(row, InterToken, table, i, none);
            row.Text(names[column++]);
            Metric(row, Latency, table, i, none);
            row.Text(names[column]);
            row.Text(table.Class(i) is > 0 and var own ? classes[own - 1] : none);
            row.Text(end);
        }

        row.Flush();
    }

    private static void Time(Utf8Row row, SimTime time, ReadOnlySpan<byte> none)
    {
        if (time == SimTime.Never)
        {
            row.Text(none);
        }
        else
        {
            row.Number(time.Nanoseconds);
        }
    }

    private static void Metric(Utf8Row row, int metric, RequestTable table, int i, ReadOnlySpan<byte> none)
    {
        var value = RequestMetrics.InUnit(metric, RequestMetrics.Raw(metric, table, i));
        if (double.IsNaN(value))
        {
            row.Text(none);
        }
        else
        {
            row.Number(value);
        }
    }

    private static ReadOnlySpan<byte> NameOf(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Completed => "completed"u8,
        RequestOutcome.Truncated => "truncated"u8,
        RequestOutcome.Rejected => "rejected"u8,
        RequestOutcome.Aborted => "aborted"u8,
        RequestOutcome.Unfinished => "unfinished"u8,
        RequestOutcome.Shed => "shed"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
