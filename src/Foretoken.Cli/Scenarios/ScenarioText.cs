using System.Globalization;
using System.Text;
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
        var rest = file.Model.Derived.Where(d => !rows.Any(r => r.Path == d.Path)).ToList();
        var text = new StringBuilder();
        var pathWidth = rows.Concat(rest).Max(r => r.Path.Length) + 2;
        var valueWidth = Math.Min(WidestValue, rows.Concat(rest).Max(r => r.Value.Length)) + 2;
        Print(text, rows, pathWidth, valueWidth);
        text.Append("\nderived\n");
        Print(text, rest, pathWidth, valueWidth);
        foreach (var pool in file.Model.Pools)
        {
            var of = file.Model.Pools.Count > 1 ? $"pool {pool.Name}: " : "";
            Section(text, of + "derived", [.. pool.Derived.Where(d => !rows.Any(r => r.Path == d.Path))]);
            Section(text, of + "memory of one GPU", DeploymentText.Memory(pool.Engine.Memory));
            foreach (var (title, lines) in DeploymentText.StepTime(file, pool))
            {
                Section(text, of + title, lines);
            }
        }

        return text.ToString();
    }

    /// <summary>Every value of the resolved scenario, in the order of the description.</summary>
    public static IReadOnlyList<DerivedValue> Rows(ScenarioFile file) => ResolvedValues.Of(file.Model, file.Bound);

    private static void Section(StringBuilder text, string title, List<DerivedValue> rows)
    {
        if (rows.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{title}\n");
            // Headings and sentences stand alone and do not push the values away.
            Print(text, rows, rows.Max(r => r.Value.Length + r.From.Length > 0 ? r.Path.Length : 0) + 2, rows.Max(r => r.Value.Length) + 2);
        }
    }

    private static void Print(StringBuilder text, IEnumerable<DerivedValue> rows, int pathWidth, int valueWidth)
    {
        foreach (var row in rows)
        {
            var value = row.Value.Length + 2 > valueWidth ? row.Value + "  " : row.Value.PadRight(valueWidth);
            text.Append((row.Path.PadRight(pathWidth) + value + row.From).TrimEnd()).Append('\n');
        }
    }
}
