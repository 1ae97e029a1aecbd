using System.Globalization;
using Foretoken.Reports.Hardware;
using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>Two candidates of a study side by side, on a terminal: numbers with their intervals first, then the settings in which they differ.</summary>
public static class ComparisonTerminal
{
    /// <summary>Renders for a terminal of <paramref name="width"/> columns.</summary>
    public static void Render(TuningResult result, CandidateResult a, CandidateResult b, TextWriter to, int width, bool colour)
    {
        var ink = new Ink(colour);
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.WriteLine();
        Paragraph.Write(text, $"A: candidate {a.Number} | {Ink.Clean(a.Title)}", width);
        Paragraph.Write(text, $"B: candidate {b.Number} | {Ink.Clean(b.Title)}", width);
        text.WriteLine();
        var odds = PairOdds.Of(result, b, a);
        var numbers = new TextTable([new("", 0, Left: true), new("A", 0), new("B", 0), new("B against A", 1), new("B better with", 2)]);
        for (var i = 0; i < result.Objectives.Count; i++)
        {
            Row(result.Objectives[i].Measure, a.Objectives[i], b.Objectives[i], odds?[i] ?? double.NaN);
        }

        for (var i = 0; i < result.Constraints.Count; i++)
        {
            if (result.Objectives.All(o => o.Measure != result.Constraints[i].Measure))
            {
                Row(result.Constraints[i].Measure, a.Constraints[i], b.Constraints[i], double.NaN);
            }
        }

        for (var i = 0; i < result.Measures.Count; i++)
        {
            if (result.Objectives.All(o => o.Measure != result.Measures[i]) && result.Constraints.All(c => c.Measure != result.Measures[i]))
            {
                Row(result.Measures[i], a.Measures[i], b.Measures[i], double.NaN);
            }
        }

        numbers.Add("GPUs", Human.Number(a.Gpus, 0), Human.Number(b.Gpus, 0), "", "");
        numbers.Add("Keeps the SLO", MeasureText.Probability(a.SloProbability), MeasureText.Probability(b.SloProbability), "", "");
        numbers.Add("Is on the front", MeasureText.Probability(a.FrontProbability), MeasureText.Probability(b.FrontProbability), "", "");
        numbers.Add("Runs", Human.Number(a.Runs, 0), Human.Number(b.Runs, 0), "", "");
        numbers.Render(text, width, ink);

        text.WriteLine();
        var settings = new TextTable([new("setting", 0, Left: true), new("A", 0, Left: true), new("B", 0, Left: true)]);
        var (ofA, ofB) = (new Dictionary<string, string>(a.Knobs), new Dictionary<string, string>(b.Knobs));
        var same = 0;
        foreach (var (path, _) in result.Dimensions)
        {
            var (left, right) = (ofA.GetValueOrDefault(path, "-"), ofB.GetValueOrDefault(path, "-"));
            if (left == right)
            {
                same++;
            }
            else
            {
                settings.Add(Ink.Clean(path), Ink.Clean(left), Ink.Clean(right));
            }
        }

        if (same < result.Dimensions.Count)
        {
            settings.Render(text, width, ink);
        }

        if (same > 0)
        {
            text.WriteLine(ink.Dim($"{same} of {result.Dimensions.Count} settings are the same."));
        }

        foreach (var candidate in new[] { a, b })
        {
            if (candidate.Why.Length > 0)
            {
                Paragraph.Write(text, $"{candidate.Number}: {Ink.Clean(candidate.Why)}", width);
            }
        }

        to.Write(text.ToString());

        void Row(Measure measure, Interval left, Interval right, double better)
        {
            var change = right.Value / left.Value - 1;
            var difference = !double.IsFinite(change) ? "" : change == 0 ? "same" : (change > 0 ? "+" : "") + Human.Number(change * 100, 1) + " %";
            numbers.Add(MeasureText.ShortName(measure), MeasureText.WithDoubt(measure, left), MeasureText.WithDoubt(measure, right), difference, double.IsNaN(better) ? "" : MeasureText.Probability(better));
        }
    }
}
