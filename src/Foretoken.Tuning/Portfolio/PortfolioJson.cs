using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Foretoken.Tuning.Portfolio;

/// <summary><c>portfolio.json</c>, described by <c>docs/schema/portfolio.schema.json</c>: equal results give equal bytes; a number that there is none of is null.</summary>
public static class PortfolioJson
{
    /// <summary>The result as indented JSON with a final line feed.</summary>
    public static string Text(PortfolioResult result)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(json, result);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, PortfolioResult result)
    {
        json.WriteStartObject();
        json.WriteString("schema_version", "1.0");
        json.WriteString("name", result.Name);
        json.WriteNumber("seed", result.Seed);
        json.WriteString("classes_from", result.IsNamed ? "workload" : "statistics");
        Number(json, "silhouette", result.Silhouette);
        json.WriteStartArray("objectives");
        foreach (var objective in result.Objectives)
        {
            json.WriteStringValue(objective.Measure.Text);
        }

        json.WriteEndArray();
        Write(json, "shared", result.Shared);
        Write(json, "portfolio", result.Together);
        json.WriteStartArray("classes");
        foreach (var own in result.Classes)
        {
            json.WriteStartObject();
            json.WriteString("name", own.Name);
            json.WriteNumber("requests", own.Requests);
            Number(json, "request_share", own.RequestShare);
            Number(json, "token_share", own.TokenShare);
            Number(json, "input_tokens", own.InputTokens);
            Number(json, "output_tokens", own.OutputTokens);
            Number(json, "turns", own.Turns);
            Number(json, "shared_prefix", own.SharedPrefix);
            if (result.Deployments.FirstOrDefault(d => d.Class == own) is { } deployment)
            {
                Write(json, deployment);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Side? side)
    {
        if (side is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        if (side.Title.Length > 0)
        {
            json.WriteString("title", side.Title);
        }

        json.WriteNumber("gpus", side.Gpus);
        Number(json, "price_per_hour", side.HourPrice);
        Numbers(json, "objectives", side.Objectives);
        json.WriteBoolean("meets_slo", side.MeetsSlo);
        Number(json, "slo_probability", side.SloProbability);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ClassDeployment deployment)
    {
        json.WriteStartObject("deployment");
        json.WriteString("title", deployment.Own.Title);
        json.WriteStartObject("knobs");
        foreach (var (knob, value) in deployment.Own.Knobs)
        {
            json.WriteString(knob, value);
        }

        json.WriteEndObject();
        json.WriteNumber("gpus", deployment.Own.Gpus);
        Number(json, "price_per_hour", deployment.HourPrice);
        Numbers(json, "objectives", [.. deployment.Own.Objectives.Select(o => o.Value)]);
        json.WriteBoolean("meets_slo", deployment.MeetsSlo);
        Number(json, "slo_probability", deployment.Own.SloProbability);
        json.WriteNumber("candidates", deployment.Candidates);
        json.WriteNumber("runs", deployment.Runs);
        json.WriteEndObject();
        Numbers(json, "objectives_in_shared", deployment.InShared);
        json.WriteStartObject("misses_in_shared");
        foreach (var (constraint, miss) in deployment.MissesInShared)
        {
            // A measure may be bounded from above and from below.
            var isAlone = deployment.MissesInShared.Count(m => m.Key.Measure == constraint.Measure) == 1;
            Number(json, isAlone ? constraint.Measure.Text : $"{constraint.Measure.Text} {(constraint.AtLeast ? ">=" : "<=")} {constraint.Bound.ToString("R", CultureInfo.InvariantCulture)}", miss);
        }

        json.WriteEndObject();

        json.WriteStartObject("switching");
        json.WriteNumber("kept_gpus", deployment.Switch.KeptGpus);
        json.WriteNumber("reloaded_gpus", deployment.Switch.ReloadedGpus);
        Number(json, "seconds", deployment.Switch.Seconds);
        Number(json, "gpu_seconds", deployment.Switch.GpuSeconds);
        Number(json, "cost", deployment.Switch.Cost);
        json.WriteStartArray("changes");
        foreach (var (knob, from, to) in deployment.Switch.Changes)
        {
            json.WriteStringValue($"{knob}: {from} -> {to}");
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (double.IsFinite(value))
            {
                json.WriteNumberValue(value);
            }
            else
            {
                json.WriteNullValue();
            }
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
