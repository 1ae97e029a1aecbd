using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>Writes a workload spec as the YAML that scenario files and <c>trace synthesize</c> read.</summary>
public static class SpecYaml
{
    private const int LineMax = 110;

    /// <summary>
    /// The spec below the key <c>workload</c>, with <paramref name="comments"/> as lines above it. Parts that are not set are
    /// left out.
    /// </summary>
    public static string Write(SyntheticSpec spec, IEnumerable<string> comments)
    {
        var text = new StringBuilder();
        foreach (var comment in comments)
        {
            text.Append(comment.Length == 0 ? "#" : "# ").Append(comment).Append('\n');
        }

        text.Append("workload:\n");
        Members(text, spec, "  ");
        return text.ToString();
    }

    private static void Members(StringBuilder text, object record, string indent)
    {
        foreach (var property in record.GetType().GetProperties())
        {
            if (property.GetValue(record) is not { } value || !property.CanWrite)
            {
                continue;
            }

            text.Append(indent).Append(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).Append(':');
            Value(text, value, indent);
        }
    }

    private static void Value(StringBuilder text, object value, string indent)
    {
        if (Scalar(value) is { } scalar)
        {
            text.Append(' ').Append(scalar).Append('\n');
        }
        else if (value is IEnumerable list)
        {
            Items(text, list.Cast<object>().ToList(), indent + "  ");
        }
        else
        {
            text.Append('\n');
            Members(text, value, indent + "  ");
        }
    }

    // Numbers stand many to a line, records one to a line.
    private static void Items(StringBuilder text, List<object> items, string indent)
    {
        if (items.Count == 0 || Scalar(items[0]) is null)
        {
            text.Append(items.Count == 0 ? " []\n" : "\n");
            foreach (var item in items)
            {
                var pairs = item.GetType().GetProperties()
                    .Where(property => property.CanWrite && property.GetValue(item) is not null)
                    .Select(property => $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)}: {Scalar(property.GetValue(item)!)}");
                text.Append(indent).Append("- {").Append(string.Join(", ", pairs)).Append("}\n");
            }

            return;
        }

        var line = new StringBuilder(" [");
        for (var i = 0; i < items.Count; i++)
        {
            var next = Scalar(items[i]) + (i + 1 < items.Count ? "," : "]");
            if (line.Length + next.Length > LineMax)
            {
                text.Append(line).Append('\n');
                line.Clear().Append(indent);
            }
            else if (i > 0)
            {
                line.Append(' ');
            }

            line.Append(next);
        }

        text.Append(line).Append('\n');
    }

    private static string? Scalar(object value) => value switch
    {
        SimDuration time => (time.Nanoseconds / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture) + "s",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        Enum name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString()),
        string or int or long => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => null,
    };
}
