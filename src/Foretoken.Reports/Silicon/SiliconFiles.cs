using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Accuracy.Silicon;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;

namespace Foretoken.Reports.Silicon;

/// <summary>The per-row results as CSV and JSON.</summary>
public static class SiliconFiles
{
    private static readonly string[] Columns =
        ["line", "id", "measured_ttft_ms", "predicted_ttft_ms", "ttft_error_percent", "measured_tpot_ms", "predicted_tpot_ms", "tpot_error_percent", "ttft_reason", "tpot_reason",
         "queue_ms", "decode_step_ms", "preemptions", "running_peak", "kv_peak", "requests_per_second", "assumed", "not_simulated_because"];

    /// <summary>Writes one line per row.</summary>
    public static void WriteCsv(IReadOnlyList<SiliconOutcome> points, IReadOnlyList<LoadStageOutcome> stages, Stream to)
    {
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        text.WriteLine(string.Join(',', Columns));
        foreach (var row in Rows(points, stages))
        {
            text.WriteLine(string.Join(',', row.Select(v => v is string word ? Quoted(word) : Number(v))));
        }
    }

    /// <summary>Writes an array with an object per row.</summary>
    public static void WriteJson(IReadOnlyList<SiliconOutcome> points, IReadOnlyList<LoadStageOutcome> stages, Stream to)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartArray();
        foreach (var row in Rows(points, stages))
        {
            json.WriteStartObject();
            for (var i = 0; i < Columns.Length; i++)
            {
                json.WritePropertyName(Columns[i]);
                switch (row[i])
                {
                    case null:
                        json.WriteNullValue();
                        break;
                    case string word:
                        json.WriteStringValue(word);
                        break;
                    case double number:
                        json.WriteNumberValue(number);
                        break;
                    default:
                        json.WriteNumberValue(Convert.ToInt64(row[i], CultureInfo.InvariantCulture));
                        break;
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        to.Write("\n"u8);
    }

    private static IEnumerable<object?[]> Rows(IReadOnlyList<SiliconOutcome> points, IReadOnlyList<LoadStageOutcome> stages)
    {
        foreach (var o in points)
        {
            yield return Row(o.Row.Line, o.Row.Id, o.Row.TtftMs, o.Row.TpotMs, o.Prediction, o.Problems, Assumed(o.Row));
        }

        foreach (var o in stages)
        {
            yield return Row(o.Row.Line, string.Create(CultureInfo.InvariantCulture, $"{o.Row.Variant}/{o.Row.Stage}"), o.Row.TtftMs, o.Row.TpotMs, o.Prediction, o.Problems, "the row's own columns");
        }
    }

    private static string Assumed(SiliconRow row)
    {
        var flags = SiliconAssumptions.LineOf(row)?.From ?? "the engine's defaults";
        return SiliconDeployment.ReleaseOf(row.BackendVersion) == EngineVersion.Newest ? $"{flags}; '{row.BackendVersion}' taken for the newest release" : flags;
    }

    private static object?[] Row(int line, string id, double ttft, double tpot, SiliconPrediction? p, IReadOnlyList<Problem> problems, string assumed) =>
    [
        line, id,
        ttft, p?.TtftMs, p is null ? null : Accuracy.Statistics.ErrorStatistics.Error(p.TtftMs, ttft),
        tpot, p?.TpotMs, p is null ? null : Accuracy.Statistics.ErrorStatistics.Error(p.TpotMs, tpot),
        p?.TtftCause.Words(), p?.TpotCause.Words(),
        p?.QueueMs, p?.DecodeStepMs, p?.Preemptions, p?.RunningPeak, p?.KvPeak, p?.RequestsPerSecond,
        assumed, p is null ? string.Join("; ", problems.Select(q => q.Message)) : null,
    ];

    private static string Number(object? value) => value switch
    {
        null => "",
        double number => number.ToString("0.####", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Quoted(string word) => word.AsSpan().IndexOfAny(",\"\n\r") < 0 ? word : "\"" + word.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
