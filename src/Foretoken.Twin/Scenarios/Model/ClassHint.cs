using System.Globalization;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>What to write instead of the name of a workload class that does not exist.</summary>
public static class ClassHint
{
    private const int Most = 12;

    /// <summary>The nearest name, or some of those that there are; null where there are none.</summary>
    public static string? Of(string name, IReadOnlyList<string> classes) =>
        classes.Count == 0 ? null
        : NearestName.Find(name, classes) is { } near ? $"did you mean {near}?"
        : $"one of {string.Join(", ", classes.Take(Most))}" + (classes.Count > Most ? string.Create(CultureInfo.InvariantCulture, $", ... ({classes.Count} in all)") : "");
}
