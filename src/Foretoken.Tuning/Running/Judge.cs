using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Studies;

namespace Foretoken.Tuning.Running;

/// <summary>From the numbers of a run to what a search compares.</summary>
internal sealed class Judge(Study study, MeasureSet measures)
{
    // One constraint that is hopelessly missed shall not hide how the others do.
    private const double WorstMiss = 10;

    /// <summary>No run misses by more.</summary>
    public double Worst => WorstMiss * (study.Constraints.Count + study.Objectives.Count);

    /// <summary>Objectives turned so that smaller is better.</summary>
    public double[] Costs(double[] values) => [.. study.Objectives.Select((o, i) => o.Cost(measures.Objective(values, i)))];

    /// <summary>Sum of the relative misses; an objective without a value counts as one.</summary>
    public double Violation(double[] values)
    {
        double sum = 0;
        for (var i = 0; i < study.Constraints.Count; i++)
        {
            sum += Math.Min(WorstMiss, study.Constraints[i].Miss(measures.Constraint(values, i)));
        }

        for (var i = 0; i < study.Objectives.Count; i++)
        {
            sum += double.IsNaN(measures.Objective(values, i)) ? WorstMiss : 0;
        }

        return sum;
    }
}
