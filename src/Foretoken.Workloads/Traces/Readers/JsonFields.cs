using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// Typed access to the fields of a parsed JSON record, for the formats whose rows are nested and not read by the million.
/// Every mistake is noted with the field's path.
/// </summary>
internal readonly struct JsonFields(JsonElement element, string path, long line, RowProblems problems)
{
    /// <summary>Parses a record; null (and a problem) when it is not a JSON object.</summary>
    public static JsonDocument? Parse(ReadOnlySpan<byte> bytes, long line, RowProblems problems)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            var document = JsonDocument.ParseValue(ref reader);
            if (bytes[(int)reader.BytesConsumed..].ContainsAnyExcept(" \t\r\n"u8))
            {
                problems.Add(line, "", "not valid JSON: something follows the closing brace");
            }
            else if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Add(line, "", $"{RowProblems.Show(bytes)} is not an object");
            }
            else
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException e)
        {
            var column = (e.BytePositionInLine ?? 0) + 1;
            var at = e.LineNumber is > 0 ? string.Create(CultureInfo.InvariantCulture, $"line {line + e.LineNumber}, column {column}") : string.Create(CultureInfo.InvariantCulture, $"column {column}");
            problems.Add(line, "", $"not valid JSON at {at}");
            return null;
        }
    }

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The first of several names that is there; the first name when none is.</summary>
    public string FirstOf(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Has(name))
            {
                return name;
            }
        }

        return names[0];
    }

    /// <summary>A nested object; null when it is absent or (with a problem) something else.</summary>
    public JsonFields? Object(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        var value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, Path(name), line, problems);
        }

        Bad(name, $"{Show(value)} is not an object");
        return null;
    }

    /// <summary>A nested list; null when it is absent or (with a problem) something else.</summary>
    public JsonElement? List(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        var value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Array)
        {
            return value;
        }

        Bad(name, $"{Show(value)} is not a list");
        return null;
    }

    /// <summary>The fields of a list's element.</summary>
    public JsonFields? Element(string name, int index, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, string.Create(CultureInfo.InvariantCulture, $"{Path(name)}[{index}]"), line, problems);
        }

        Bad(string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]"), $"{Show(value)} is not an object");
        return null;
    }

    /// <summary>A required length in tokens; 0 (with a problem) when it is missing or not one.</summary>
    public int Tokens(string name)
    {
        if (!Has(name))
        {
            Bad(name, "is missing", "a number of tokens");
            return 0;
        }

        var value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Number)
        {
            // AIPerf and others write whole numbers as 12.0: the value counts, not the spelling.
            if (value.TryGetDouble(out var number) && number is >= 1 and <= int.MaxValue && Math.Floor(number) == number)
            {
                return (int)number;
            }

            if (number > int.MaxValue)
            {
                Bad(name, $"{Show(value)} is more than 2147483647 tokens");
                return 0;
            }
        }

        Bad(name, $"{Show(value)} is not a length", "a whole number of tokens, at least 1");
        return 0;
    }

    /// <summary>An optional time; null when absent or (with a problem) not one.</summary>
    public long? Time(string name, long unitNanoseconds, string unit)
    {
        if (!Has(name))
        {
            return null;
        }

        var value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Number && ExactTime.TryParse(Encoding.UTF8.GetBytes(value.GetRawText()), unitNanoseconds, out var nanoseconds))
        {
            return nanoseconds;
        }

        Bad(name, $"{Show(value)} is not a time", $"{unit} from 0");
        return null;
    }

    /// <summary>An optional name: text or a number.</summary>
    public string? Name(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        var value = element.GetProperty(name);
        if (value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
        {
            return value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(value);
        }

        Bad(name, $"{Show(value)} is not a name", "text, or a whole number");
        return null;
    }

    /// <summary>Notes a mistake in a field.</summary>
    public void Bad(string name, string message, string? fix = null) => problems.Add(line, Path(name), message, fix);

    /// <summary>A value as it is shown in a message.</summary>
    public static string Show(JsonElement value) => RowProblems.Show(Encoding.UTF8.GetBytes(value.GetRawText()));

    /// <summary>A string's content; its raw spelling where it is not valid Unicode.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText();
        }
    }

    private string Path(string name) => path.Length == 0 ? name : path + "." + name;
}
