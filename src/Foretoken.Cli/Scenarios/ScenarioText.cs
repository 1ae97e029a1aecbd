using System.Globalization;
using System.Text;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Scenarios;

/// <summary>What <c>scenario explain</c> prints: every value and where it came from, then every derived number.</summary>
public static class ScenarioText
{
    private const int WidestValue = 34;

    /// <summary>The resolved scenario as aligned text, lines ending in a line feed.</summary>
    public static string Explain(ScenarioFile file)
    {
        var rows = Rows(file);
        var rest = file.Model.Derived.Where(d => !rows.Exists(r => r.Path == d.Path)).ToList();
        var text = new StringBuilder();
        var pathWidth = rows.Concat(rest).Max(r => r.Path.Length) + 2;
        var valueWidth = Math.Min(WidestValue, rows.Concat(rest).Max(r => r.Value.Length)) + 2;
        Print(text, rows, pathWidth, valueWidth);
        text.Append("\nderived\n");
        Print(text, rest, pathWidth, valueWidth);
        foreach (var pool in file.Model.Pools)
        {
            var of = file.Model.Pools.Count > 1 ? $"pool {pool.Name}: " : "";
            Section(text, of + "derived", [.. pool.Derived.Where(d => !rows.Exists(r => r.Path == d.Path))]);
            Section(text, of + "memory of one GPU", DeploymentText.Memory(pool.Engine.Memory));
            foreach (var (title, lines) in DeploymentText.StepTime(file, pool))
            {
                Section(text, of + title, lines);
            }
        }

        return text.ToString();
    }

    /// <summary>Every value of the resolved scenario, in the order of the description.</summary>
    public static List<DerivedValue> Rows(ScenarioFile file)
    {
        var derived = ByPath(file.Model.Derived);
        var rows = new List<DerivedValue>();
        if (file.Model.Pools is [{ } only] && only.Bound == file.Bound)
        {
            Walk(file.Bound, derived, rows);
            return rows;
        }

        // What replicas are made of is told pool by pool.
        Walk(file.Bound, derived, rows, skip: [.. ReplicaFields.Section.Fields, FleetFields.Replicas]);
        foreach (var pool in file.Model.Pools)
        {
            Walk(pool.Bound, ByPath(pool.Derived), rows);
        }

        return rows;
    }

    private static Dictionary<string, DerivedValue> ByPath(IReadOnlyList<DerivedValue> derived) => derived.ToDictionary(d => d.Path);

    private static void Walk(Bound section, Dictionary<string, DerivedValue> derived, List<DerivedValue> rows, IReadOnlyList<Field>? skip = null)
    {
        foreach (var field in section.Fields.Where(f => skip?.Contains(f) != true && f.Type is not LaidOverType))
        {
            var path = section.PathOf(field);
            if (section.GetObject(field) is Bound inner)
            {
                Walk(inner, derived, rows);
            }
            else if (section.GetObject(field) is IReadOnlyList<Bound> list)
            {
                rows.Add(new(path, $"{list.Count} entries", From(section, field)));
                foreach (var element in list)
                {
                    Walk(element, derived, rows);
                }
            }
            else if (derived.TryGetValue(path, out var filled))
            {
                rows.Add(filled);
            }
            else if (section.IsSet(field) || section.Show(field) != "not set")
            {
                // What is simply absent would only hide what is there; the schema lists every key.
                rows.Add(new(path, section.Show(field), From(section, field)));
            }
        }
    }

    private static string From(Bound section, Field field) =>
        section.OriginOf(field)?.ToString() ?? (field.DefaultSource.Length > 0 ? $"default: {field.DefaultSource}" : "default");

    private static void Section(StringBuilder text, string title, List<DerivedValue> rows)
    {
        if (rows.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{title}\n");
            // Headings and sentences stand alone and do not push the values away.
            Print(text, rows, rows.Max(r => r.Value.Length + r.From.Length > 0 ? r.Path.Length : 0) + 2, rows.Max(r => r.Value.Length) + 2);
        }
    }

    private static void Print(StringBuilder text, List<DerivedValue> rows, int pathWidth, int valueWidth)
    {
        foreach (var row in rows)
        {
            var value = row.Value.Length + 2 > valueWidth ? row.Value + "  " : row.Value.PadRight(valueWidth);
            text.Append((row.Path.PadRight(pathWidth) + value + row.From).TrimEnd()).Append('\n');
        }
    }
}
