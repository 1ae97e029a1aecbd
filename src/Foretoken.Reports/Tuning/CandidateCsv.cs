using System.Globalization;
using System.Text;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>
/// <c>candidates.csv</c>: every candidate on a line (RFC 4180, UTF-8, line feeds), with one column per dimension, three per
/// number (value, low, high): objectives and constraints first. A number without a value is an empty cell.
/// </summary>
public static class CandidateCsv
{
    /// <summary>Writes the file.</summary>
    public static void Write(TuningResult result, Stream stream)
    {
        using var to = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        List<string> head = ["number", "title", "state", "on_front", "gpus", "runs", "violation", "slo_probability", "front_probability", "doubt_from"];
        foreach (var measure in result.Objectives.Select(o => o.Measure).Concat(result.Constraints.Select(c => c.Measure).Where(m => result.Objectives.All(o => o.Measure != m))))
        {
            head.AddRange([measure.Text, measure.Text + " low", measure.Text + " high"]);
        }

        // A measure that is an objective or bounded, too, has its columns once.
        var others = Enumerable.Range(0, result.Measures.Count).Where(i => !head.Contains(result.Measures[i].Text)).ToList();
        head.AddRange(others.SelectMany(i => new[] { result.Measures[i].Text, result.Measures[i].Text + " low", result.Measures[i].Text + " high" }));
        head.AddRange(["capacity", "capacity low", "capacity high", "bottleneck", "bottleneck share"]);
        head.AddRange(result.Dimensions.Select(d => d.Key));
        Line(to, head);
        var bounded = Enumerable.Range(0, result.Constraints.Count).Where(i => result.Objectives.All(o => o.Measure != result.Constraints[i].Measure)).ToList();
        foreach (var candidate in result.Candidates)
        {
            List<string> cells =
            [
                candidate.Number.ToString(CultureInfo.InvariantCulture), candidate.Title, TuningResultJson.NameOf(candidate.State), candidate.OnFront ? "true" : "false",
                candidate.Gpus.ToString(CultureInfo.InvariantCulture), candidate.Runs.ToString(CultureInfo.InvariantCulture),
                Number(candidate.Violation), Number(candidate.SloProbability), Number(candidate.FrontProbability),
                candidate.DoubtFrom?.ToString(CultureInfo.InvariantCulture) ?? "",
            ];
            foreach (var interval in candidate.Objectives.Concat(bounded.Select(i => candidate.Constraints[i])).Concat(others.Select(i => candidate.Measures[i])))
            {
                cells.AddRange([Number(interval.Value), Number(interval.Low), Number(interval.High)]);
            }

            cells.AddRange(candidate.Capacity is { } capacity ? [Number(capacity.Value), Number(capacity.Low), Number(capacity.High)] : ["", "", ""]);
            cells.AddRange(candidate.Bottleneck.Count > 0 ? [candidate.Bottleneck[0].Key, Number(candidate.Bottleneck[0].Value)] : ["", ""]);
            var knobs = new Dictionary<string, string>(candidate.Knobs);
            cells.AddRange(result.Dimensions.Select(d => knobs.GetValueOrDefault(d.Key, "")));
            Line(to, cells);
        }
    }

    private static string Number(double value) => double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);

    private static void Line(StreamWriter to, List<string> cells) => to.WriteLine(string.Join(',', cells.Select(Quoted)));

    private static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : "\"" + cell.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
