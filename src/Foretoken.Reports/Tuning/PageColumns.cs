using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>A number that every candidate of the page has.</summary>
/// <param name="Text">As users write the measure.</param>
/// <param name="Name">Full name.</param>
/// <param name="ShortName">Name for heads of columns.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="IsShare">Whether it is shown as a percentage.</param>
/// <param name="Kind">Why it is there: objective, constraint or measure.</param>
/// <param name="Of">The number of a candidate, with its interval.</param>
internal sealed record PageColumn(string Text, string Name, string ShortName, string Unit, bool IsShare, string Kind, Func<CandidateResult, Interval> Of)
{
    /// <summary>Whether candidates are judged by it: then all of them show their interval.</summary>
    public bool IsJudged => Kind != "measure";
}

/// <summary>The numbers of a study: objectives, constraints that are no objectives, capacity, and the measures that are neither.</summary>
internal static class PageColumns
{
    public static List<PageColumn> Of(TuningResult result)
    {
        var columns = new List<PageColumn>();
        for (var i = 0; i < result.Objectives.Count; i++)
        {
            var index = i;
            Add(result.Objectives[i].Measure, "objective", c => c.Objectives[index]);
        }

        for (var i = 0; i < result.Constraints.Count; i++)
        {
            var index = i;
            Add(result.Constraints[i].Measure, "constraint", c => c.Constraints[index]);
        }

        if (result.Candidates.Any(c => c.Capacity is not null))
        {
            columns.Add(new PageColumn("capacity", "Highest load that keeps the SLO", "Capacity", "requests/s", false, "constraint", c => c.Capacity ?? Interval.Exact(double.NaN)));
        }

        for (var i = 0; i < result.Measures.Count; i++)
        {
            var index = i;
            // What no candidate has, or all have alike, tells nothing.
            if (Varies(result, index))
            {
                Add(result.Measures[i], "measure", c => c.Measures[index]);
            }
        }

        return columns;

        static bool Varies(TuningResult result, int index)
        {
            var first = double.NaN;
            foreach (var candidate in result.Candidates)
            {
                var value = candidate.Measures[index].Value;
                if (double.IsNaN(first))
                {
                    first = value;
                }
                else if (!double.IsNaN(value) && value != first)
                {
                    return true;
                }
            }

            return false;
        }

        void Add(Measure measure, string kind, Func<CandidateResult, Interval> of)
        {
            if (columns.TrueForAll(c => c.Text != measure.Text))
            {
                columns.Add(new PageColumn(measure.Text, MeasureText.Name(measure), MeasureText.ShortName(measure), measure.Metric.Unit, measure.Metric.IsShare, kind, of));
            }
        }
    }
}
