using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Results;

/// <summary>
/// <c>tuning.json</c>, described by <c>docs/schema/tuning.schema.json</c>; also what the store keeps of a finished study. Equal
/// results give equal bytes, and every number comes back as it was. One candidate stands on one line. What depends on the
/// machine stands under <c>wall_clock</c>.
/// </summary>
public static class TuningResultJson
{
    /// <summary>Version of the layout: the first number changes when a reader may break, the second when something was added.</summary>
    public const string SchemaVersion = "2.0";

    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The result as indented JSON with a final line feed.</summary>
    public static string Text(TuningResult result)
    {
        using var stream = new MemoryStream();
        Write(result, stream);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Writes the result as UTF-8.</summary>
    public static void Write(TuningResult result, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            Write(json, result);
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>Reads what <see cref="Text"/> gave.</summary>
    /// <param name="json">The text.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <exception cref="InputException">It is no tuning result, or one of another version.</exception>
    public static TuningResult Parse(string json, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var version = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("schema_version", out var v) ? v.GetString() : null;
            if (version is null || !version.StartsWith("2.", StringComparison.Ordinal))
            {
                throw new InputException(place, version is null ? "is no tuning result" : $"has version {version}; this program reads {SchemaVersion}", "use the version of Foretoken that wrote it");
            }

            return TuningResultReader.Read(root);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InputException(place, $"is no tuning result: {e.Message}");
        }
    }

    /// <summary>The name of a state in every output.</summary>
    public static string NameOf(CandidateState state) => state switch
    {
        CandidateState.Finished => "finished",
        CandidateState.OutRaced => "out_raced",
        CandidateState.Hopeless => "hopeless",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    private static void Write(Utf8JsonWriter json, TuningResult result)
    {
        json.WriteStartObject();
        json.WriteString("schema_version", SchemaVersion);
        json.WriteString("foretoken_version", result.Version);
        json.WriteString("name", result.Name);
        json.WriteNumber("seed", result.Seed);
        Texts(json, "headline", result.Headline);
        WriteSearch(json, result);
        WriteGoals(json, result);
        json.WriteStartArray("dimensions");
        foreach (var (path, values) in result.Dimensions)
        {
            json.WriteStartObject();
            json.WriteString("path", path);
            Texts(json, "values", values);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("candidates");
        var line = new ArrayBufferWriter<byte>();
        foreach (var candidate in result.Candidates)
        {
            // The indenting writer puts raw values where it stands; the line feed and the spaces come with them.
            line.Clear();
            line.Write("\n    "u8);
            using (var one = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = Options.Encoder }))
            {
                WriteCandidate(one, candidate);
            }

            json.WriteRawValue(line.WrittenSpan, skipInputValidation: true);
        }

        json.WriteEndArray();
        WriteSensitivities(json, result.Sensitivities);
        WriteRecommendation(json, result.Recommendation);
        json.WriteStartArray("shortlist");
        foreach (var number in result.Shortlist)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
        WriteDoubt(json, result.Doubt);
        json.WriteStartArray("pairs");
        foreach (var pair in result.Pairs)
        {
            json.WriteStartObject();
            json.WriteNumber("a", pair.A);
            json.WriteNumber("b", pair.B);
            json.WriteNumber("objective", pair.Objective);
            Number(json, "probability", pair.Probability);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Texts(json, "notes", result.Notes);
        json.WriteStartObject("wall_clock");
        Number(json, "seconds", result.WallSeconds);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteDoubt(Utf8JsonWriter json, DoubtRecord? doubt)
    {
        json.WritePropertyName("doubt");
        if (doubt is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        Number(json, "spread", doubt.Spread);
        json.WriteStartArray("systems");
        foreach (var system in doubt.Systems)
        {
            json.WriteStartObject();
            json.WriteString("name", system.Name);
            Number(json, "median_error", system.Median ?? double.NaN);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("samples");
        foreach (var samples in doubt.Samples)
        {
            json.WriteStartObject();
            json.WriteNumber("candidate", samples.Candidate);
            json.WriteStartArray("replications");
            foreach (var run in samples.Replications)
            {
                Values(json, run);
            }

            json.WriteEndArray();
            json.WritePropertyName("slower");
            Values(json, samples.Slower);
            json.WritePropertyName("faster");
            Values(json, samples.Faster);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSearch(Utf8JsonWriter json, TuningResult result)
    {
        json.WriteStartObject("search");
        json.WriteString("algorithm", result.Search);
        json.WriteBoolean("exhaustive", result.Exhaustive);
        Number(json, "space_size", result.SpaceSize);
        json.WriteNumber("equivalent", result.Equivalent);
        json.WriteStartArray("infeasible");
        foreach (var (reason, points) in result.Infeasible)
        {
            json.WriteStartObject();
            json.WriteString("reason", reason);
            json.WriteNumber("points", points);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("runs", result.Runs);
        Number(json, "simulated_hours", result.SimulatedHours);
        Number(json, "real_gpu_hours", result.RealGpuHours);
        Number(json, "real_cost", result.RealCost);
        json.WriteEndObject();
    }

    private static void WriteGoals(Utf8JsonWriter json, TuningResult result)
    {
        json.WriteStartArray("objectives");
        foreach (var objective in result.Objectives)
        {
            json.WriteStartObject();
            WriteMeasure(json, objective.Measure);
            json.WriteString("goal", objective.Maximise ? "maximise" : "minimise");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("constraints");
        foreach (var constraint in result.Constraints)
        {
            json.WriteStartObject();
            WriteMeasure(json, constraint.Measure);
            json.WriteString("comparison", constraint.AtLeast ? "at_least" : "at_most");
            Number(json, "bound", constraint.Bound);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("measures");
        foreach (var measure in result.Measures)
        {
            json.WriteStartObject();
            WriteMeasure(json, measure);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMeasure(Utf8JsonWriter json, Measure measure)
    {
        json.WriteString("text", measure.Text);
        json.WriteString("metric", measure.Metric.Tag);
        Number(json, "percentile", measure.Percentile ?? double.NaN);
        json.WriteString("class", measure.Class);
        json.WriteString("unit", measure.Metric.Unit);
    }

    private static void WriteCandidate(Utf8JsonWriter json, CandidateResult candidate)
    {
        json.WriteStartObject();
        json.WriteNumber("number", candidate.Number);
        json.WriteString("title", candidate.Title);
        json.WriteString("state", NameOf(candidate.State));
        json.WriteBoolean("on_front", candidate.OnFront);
        json.WriteNumber("gpus", candidate.Gpus);
        json.WriteNumber("runs", candidate.Runs);
        Intervals(json, "objectives", candidate.Objectives);
        Intervals(json, "constraints", candidate.Constraints);
        Intervals(json, "measures", candidate.Measures);
        Number(json, "violation", candidate.Violation);
        Number(json, "slo_probability", candidate.SloProbability);
        Number(json, "front_probability", candidate.FrontProbability);
        Whole(json, "doubt_from", candidate.DoubtFrom);
        Whole(json, "system", candidate.System);
        Whole(json, "layout", candidate.Layout);

        json.WritePropertyName("noise");
        Values(json, candidate.Noise);
        json.WriteStartObject("knobs");
        foreach (var (path, value) in candidate.Knobs)
        {
            json.WriteString(path, value);
        }

        json.WriteEndObject();
        json.WriteStartObject("bottleneck");
        foreach (var (cause, share) in candidate.Bottleneck)
        {
            Number(json, cause, share);
        }

        json.WriteEndObject();
        json.WriteString("why", candidate.Why);
        json.WritePropertyName("capacity");
        if (candidate.Capacity is { } capacity)
        {
            Write(json, capacity);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private static void WriteSensitivities(Utf8JsonWriter json, IReadOnlyList<Sensitivity> sensitivities)
    {
        json.WriteStartArray("sensitivities");
        foreach (var sensitivity in sensitivities)
        {
            json.WriteStartObject();
            json.WriteString("dimension", sensitivity.Dimension);
            json.WriteStartArray("shares");
            foreach (var share in sensitivity.Shares)
            {
                Value(json, share);
            }

            json.WriteEndArray();
            Texts(json, "best", sensitivity.Best);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRecommendation(Utf8JsonWriter json, Recommendation? recommendation)
    {
        json.WritePropertyName("recommendation");
        if (recommendation is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteNumber("candidate", recommendation.Candidate);
        json.WriteBoolean("meets_slo", recommendation.MeetsSlo);
        Texts(json, "reasons", recommendation.Reasons);
        Texts(json, "would_change", recommendation.WouldChange);
        json.WriteStartArray("verification");
        foreach (var step in recommendation.Verification)
        {
            json.WriteStartObject();
            json.WriteNumber("candidate", step.Candidate);
            json.WriteString("why", step.Why);
            json.WriteStartArray("bands");
            foreach (var (name, band) in step.Bands)
            {
                json.WriteStartObject();
                json.WriteString("measure", name);
                json.WritePropertyName("band");
                Write(json, band);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
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

    private static void Intervals(Utf8JsonWriter json, string name, IReadOnlyList<Interval> intervals)
    {
        json.WriteStartArray(name);
        foreach (var interval in intervals)
        {
            Write(json, interval);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Interval interval)
    {
        json.WriteStartArray();
        Value(json, interval.Value);
        Value(json, interval.Low);
        Value(json, interval.High);
        json.WriteEndArray();
    }

    private static void Values(Utf8JsonWriter json, IReadOnlyList<double>? values)
    {
        if (values is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartArray();
        foreach (var value in values)
        {
            Value(json, value);
        }

        json.WriteEndArray();
    }

    private static void Whole(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        Value(json, value);
    }

    // JSON has neither: no value is null, and what is without bounds says so.
    private static void Value(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else if (double.IsNaN(value))
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteStringValue(value > 0 ? "infinity" : "-infinity");
        }
    }
}
