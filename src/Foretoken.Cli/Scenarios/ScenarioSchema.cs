using System.Buffers;
using System.Text;
using System.Text.Json;
using Foretoken.Tuning.Studies;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Scenarios;

/// <summary>Writes the description of every scenario key as a JSON Schema, for editors.</summary>
public static class ScenarioSchema
{
    /// <summary>Where the schema is published in the repository.</summary>
    public const string File = "docs/schema/scenario.schema.json";

    /// <summary>The schema as indented JSON with a final line feed.</summary>
    public static string Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.WriteString("title", "Foretoken scenario, version 1");
            json.WriteString("description", ScenarioFields.Root.Meaning);
            WriteProperties(json, WithStudy);
            json.WriteStartObject("$defs");
            foreach (var (name, section) in Shared(ScenarioFields.Root).OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(name);
                json.WriteString("description", section.Meaning);
                WriteSection(json, section);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    // A scenario file may also say what a study may change.
    private static Section WithStudy { get; } = new()
    {
        Meaning = ScenarioFields.Root.Meaning,
        Fields = [.. ScenarioFields.Root.Fields, new Field<Bound>(new SectionType(StudyFields.Section)) { Name = StudyResolver.Key, Meaning = StudyFields.Section.Meaning }],
    };

    private static void WriteSection(Utf8JsonWriter json, Section section)
    {
        if (section.Shorthand is not { } shorthand)
        {
            WriteProperties(json, section);
            return;
        }

        json.WriteStartArray("anyOf");
        json.WriteStartObject();
        WriteType(json, shorthand.Type);
        json.WriteEndObject();
        json.WriteStartObject();
        WriteProperties(json, section);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static Dictionary<string, Section> Shared(Section root)
    {
        var found = new Dictionary<string, Section>();
        Visit(root);
        return found;

        void Visit(Section section)
        {
            foreach (var field in section.AllFields)
            {
                var type = field.Type is IListType list ? list.Inner : field.Type;
                if (type is SectionType inner && (inner.Section.SharedName is not { } name || found.TryAdd(name, inner.Section)))
                {
                    Visit(inner.Section);
                }
            }
        }
    }

    private static void WriteProperties(Utf8JsonWriter json, Section section)
    {
        json.WriteString("type", "object");
        json.WriteBoolean("additionalProperties", false);
        json.WriteStartObject("properties");
        foreach (var named in section.AllFields.SelectMany(f => f.AlsoCalled.Prepend(f.Name).Select(n => (Name: n, Field: f))).GroupBy(p => p.Name, p => p.Field))
        {
            json.WriteStartObject(named.Key);
            WriteFields(json, section, named.Key, [.. named]);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        var required = section.Fields.Where(f => f.Required).Select(f => f.Name).ToList();
        if (required.Count > 0)
        {
            WriteStrings(json, "required", required);
        }

        WriteCases(json, section);
    }

    // A key that means something else in another case is described for each.
    private static void WriteFields(Utf8JsonWriter json, Section section, string name, List<Field> fields)
    {
        if (fields is [var only])
        {
            json.WriteString("description", Describe(only, name));
            WriteType(json, only.Type);
            return;
        }

        json.WriteStartArray("anyOf");
        foreach (var field in fields)
        {
            json.WriteStartObject();
            json.WriteString("description", $"({string.Join(", ", section.CasesOf(field))}) {Describe(field, name)}");
            WriteType(json, field.Type);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // Which further keys a switch allows, as far as an editor needs it: the keys that each case requires.
    private static void WriteCases(Utf8JsonWriter json, Section section)
    {
        if (section.Switch is not { } field || !section.Cases.Values.Any(c => c.Any(f => f.Required)))
        {
            return;
        }

        json.WriteStartArray("allOf");
        foreach (var (value, fields) in section.Cases.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteStartObject("if");
            json.WriteStartObject("properties");
            json.WriteStartObject(field.Name);
            json.WriteString("const", value);
            json.WriteEndObject();
            json.WriteEndObject();
            WriteStrings(json, "required", [field.Name]);
            json.WriteEndObject();
            json.WriteStartObject("then");
            WriteStrings(json, "required", fields.Where(f => f.Required).Select(f => f.Name));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Describe(Field field, string name)
    {
        var text = name == field.Name ? field.Meaning : $"Same as {field.Name}. {field.Meaning}";
        if (field.DefaultShown is { } value and not "not set" && field.Type is not SectionType)
        {
            text += $" Default: {value}{(field.DefaultSource.Length > 0 ? $" ({field.DefaultSource})" : "")}.";
        }

        return text;
    }

    private static void WriteType(Utf8JsonWriter json, FieldType type)
    {
        switch (type)
        {
            case IntegerType whole:
                WriteQuantity(json, UnitTable.Count, "integer", whole.Min, whole.Max == int.MaxValue ? null : whole.Max, false);
                break;
            case ReplicaCountType count:
                json.WriteStartArray("anyOf");
                json.WriteStartObject();
                WriteType(json, count.Inner);
                json.WriteEndObject();
                json.WriteStartObject();
                json.WriteString("type", "string");
                json.WriteString("pattern", "^[0-9]+%$");
                json.WriteEndObject();
                json.WriteEndArray();
                break;
            case LongType whole:
                WriteQuantity(json, UnitTable.Count, "integer", whole.Min, whole.Max == long.MaxValue ? null : whole.Max, false);
                break;
            case NumberType number:
                WriteQuantity(json, number.Units, "number", number.Min, double.IsInfinity(number.Max) ? null : number.Max, number.AboveMin);
                break;
            case DurationType:
                WritePattern(json, UnitTable.Duration);
                break;
            case BytesType:
                WritePattern(json, UnitTable.Bytes);
                break;
            case SwitchType:
                json.WriteString("type", "boolean");
                break;
            case TextType:
                WriteStrings(json, "type", ["string", "number", "boolean"]);
                break;
            case ChoiceType choice:
                WriteStrings(json, "enum", choice.Choices.Select(c => c.Name));
                break;
            case IOrKeyword or:
                WriteOr(json, or);
                break;
            case IOptionalType optional:
                WriteType(json, optional.Inner);
                break;
            case IListType list:
                json.WriteString("type", "array");
                json.WriteNumber("minItems", list.MinCount);
                json.WriteStartObject("items");
                WriteType(json, list.Inner);
                json.WriteEndObject();
                break;
            case TreeType:
                json.WriteString("type", "object");
                break;
            case LaidOverType over:
                WriteType(json, over.Inner);
                break;
            case SectionType { Section.SharedName: { } name }:
                json.WriteString("$ref", $"#/$defs/{name}");
                break;
            case SectionType section:
                WriteSection(json, section.Section);
                break;
            default:
                throw new NotSupportedException($"no schema for {type.GetType().Name}");
        }
    }

    private static void WriteOr(Utf8JsonWriter json, IOrKeyword or)
    {
        json.WriteStartArray("anyOf");
        json.WriteStartObject();
        json.WriteString("const", or.Keyword);
        json.WriteEndObject();
        json.WriteStartObject();
        WriteType(json, or.Inner);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteQuantity(Utf8JsonWriter json, UnitTable units, string kind, double min, double? max, bool aboveMin)
    {
        if (!units.PlainAllowed)
        {
            WritePattern(json, units);
            return;
        }

        json.WriteStartArray("anyOf");
        json.WriteStartObject();
        json.WriteString("type", kind);
        if (!double.IsInfinity(min))
        {
            json.WriteNumber(aboveMin ? "exclusiveMinimum" : "minimum", min);
        }

        if (max is { } top)
        {
            json.WriteNumber("maximum", top);
        }

        json.WriteEndObject();
        json.WriteStartObject();
        WritePattern(json, units);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WritePattern(Utf8JsonWriter json, UnitTable units)
    {
        var names = units.Units.Where(u => u.Length > 0).OrderByDescending(u => u.Length).ThenBy(u => u, StringComparer.Ordinal).ToList();
        json.WriteString("type", "string");
        json.WriteString("pattern", $"^[+-]?[0-9][0-9_]*(\\.[0-9]+)?([eE][+-]?[0-9]+)? *({string.Join("|", names)}){(units.PlainAllowed ? "?" : "")}$");
        WriteStrings(json, "examples", [units.Example]);
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
