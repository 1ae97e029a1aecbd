using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Foretoken.Reports.Json;

namespace Foretoken.Reports.Reproductions;

/// <summary>Reproductions as JSON and CSV. Equal runs give equal bytes.</summary>
public static class ReproductionFiles
{
    /// <summary>Version of the JSON's layout: the first number changes when a reader may break.</summary>
    public const string SchemaVersion = "1.0";

    private static readonly string[] Columns = ["reproduction", "figure", "metric", "statistic", "unit", "is_share", "published", "published_to", "ours", "difference", "within", "agrees"];

    /// <summary>Everything, as indented UTF-8 with a final line feed.</summary>
    public static void WriteJson(IReadOnlyList<ReproductionResult> results, Stream to)
    {
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("schema_version", SchemaVersion);
            json.WriteStartArray("reproductions");
            foreach (var result in results)
            {
                Write(json, result);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        to.WriteByte((byte)'\n');
    }

    /// <summary>The figures, one a line.</summary>
    public static void WriteCsv(IReadOnlyList<ReproductionResult> results, Stream to)
    {
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        text.WriteLine(string.Join(',', Columns));
        foreach (var result in results)
        {
            foreach (var f in result.Figures)
            {
                text.WriteLine(string.Join(',', Quote(result.Name), Quote(f.Name), f.Metric, f.Statistic, f.Unit, f.IsShare ? "true" : "false", Number(f.Published), Number(f.PublishedTo), Number(f.Ours), Number(f.Difference), Number(f.Within), f.Agrees switch { true => "true", false => "false", null => "" }));
            }
        }
    }

    private static void Write(Utf8JsonWriter json, ReproductionResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Name);
        json.WriteString("title", result.Title);
        json.WriteString("source", result.Source);
        json.WriteString("claim", result.Claim);
        json.WriteString("conditions", result.Conditions);
        json.WriteString("word", result.Word);
        json.WriteStartArray("figures");
        foreach (var f in result.Figures)
        {
            json.WriteStartObject();
            Head(json, f.Name, f.Metric, f.Statistic, f.Unit, f.IsShare);
            SummaryJson.Number(json, "published", f.Published ?? double.NaN);
            SummaryJson.Number(json, "published_to", f.PublishedTo ?? double.NaN);
            SummaryJson.Number(json, "ours", f.Ours);
            SummaryJson.Number(json, "difference", f.Difference ?? double.NaN);
            SummaryJson.Number(json, "within", f.Within ?? double.NaN);
            if (f.Agrees is { } agrees)
            {
                json.WriteBoolean("agrees", agrees);
            }
            else
            {
                json.WriteNull("agrees");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("tables");
        foreach (var t in result.Tables)
        {
            json.WriteStartObject();
            Head(json, t.Name, t.Metric, t.Statistic, t.Unit, t.IsShare);
            json.WriteString("row_axis", t.RowAxis);
            json.WriteString("column_axis", t.ColumnAxis);
            Texts(json, "rows", t.Rows);
            Texts(json, "columns", t.Columns);
            json.WriteStartArray("cells");
            for (var r = 0; r < t.Rows.Count; r++)
            {
                json.WriteStartArray();
                for (var c = 0; c < t.Columns.Count; c++)
                {
                    if (double.IsFinite(t.Cells[r, c]))
                    {
                        json.WriteNumberValue(t.Cells[r, c]);
                    }
                    else
                    {
                        json.WriteNullValue();
                    }
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("runs");
        foreach (var run in result.Runs)
        {
            json.WriteStartObject();
            json.WriteString("name", run.Name);
            json.WriteString("fingerprint", SummaryJson.Fingerprint(run.Fingerprint));
            json.WriteBoolean("partial", run.Partial);
            json.WriteNumber("simulated_seconds", run.SimulatedSeconds);
            SummaryJson.WriteRequests(json, run.Requests);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Head(Utf8JsonWriter json, string name, string metric, string statistic, string unit, bool isShare)
    {
        json.WriteString("name", name);
        json.WriteString("metric", metric);
        json.WriteString("statistic", statistic);
        json.WriteString("unit", unit);
        json.WriteBoolean("is_share", isShare);
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static string Number(double? value) => value is { } v && double.IsFinite(v) ? v.ToString("R", CultureInfo.InvariantCulture) : "";

    private static string Quote(string text) => text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
