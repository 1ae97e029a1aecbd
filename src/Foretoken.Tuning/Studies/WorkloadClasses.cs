using Foretoken.Quantities;
using Foretoken.Tuning.Objectives;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Studies;

/// <summary>Whether the classes that objectives and bounds name are those of the workload.</summary>
public static class WorkloadClasses
{
    /// <summary>A problem for each measure of a class that the workload does not have.</summary>
    /// <param name="measures">What is measured.</param>
    /// <param name="classes">Names of the classes that have requests.</param>
    /// <param name="place">Where the measures are written.</param>
    public static IEnumerable<Problem> Problems(IEnumerable<Measure> measures, IReadOnlyList<string> classes, string place)
    {
        foreach (var measure in measures)
        {
            if (measure.Class is { } name && !classes.Contains(name))
            {
                yield return new(
                    place, $"'{measure.Text}' names a class that the workload does not have", ClassHint.Of(name, classes) ?? "leave 'of ...' out, or describe workload.classes; a trace names classes in its rows (docs/traces.md)");
            }
        }
    }
}
