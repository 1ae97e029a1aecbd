using Foretoken.Tuning.Studies;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Running;

/// <summary>
/// The workload classes that a study's objectives and bounds are about: a part of the traffic, or a replication of it, in which one
/// of them hardly comes says nothing about it.
/// </summary>
internal sealed class MeasuredClasses(Study study)
{
    private readonly IReadOnlyList<string> _names = [.. study.Objectives.Select(o => o.Measure.Class).Concat(study.Constraints.Select(c => c.Measure.Class)).OfType<string>().Distinct()];

    /// <summary>Whether each of them has so many requests among the first rows.</summary>
    public bool Have(int least, Trace trace, int rows)
    {
        foreach (var name in _names)
        {
            var number = trace.ClassNames.ToList().IndexOf(name) + 1;
            if (number == 0 || trace.Classes is not { } classes || classes.AsSpan(0, rows).Count(number) < least)
            {
                return false;
            }
        }

        return true;
    }
}
