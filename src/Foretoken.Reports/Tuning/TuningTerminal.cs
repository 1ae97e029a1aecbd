using System.Globalization;
using Foretoken.Reports.Hardware;
using Foretoken.Reports.Terminal;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>
/// A study on a terminal: the advice first, then the front, a plot of it, and what was looked at. No line is longer than the
/// width (from 40 columns on).
/// </summary>
public static class TuningTerminal
{
    /// <summary>Narrowest layout.</summary>
    public const int WidthMin = TerminalReport.WidthMin;

    private const int FrontRows = 20;
    private const int MissRows = 5;
    private const int ReasonRows = 8;

    /// <summary>Renders for a terminal of <paramref name="width"/> columns.</summary>
    public static void Render(TuningResult result, TextWriter to, int width, bool colour)
    {
        // One write: a result does not flicker in line by line.
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        new Page(result, text, Math.Max(WidthMin, width), new Ink(colour)).Render();
        to.Write(text.ToString());
    }

    private sealed class Page(TuningResult result, StringWriter to, int width, Ink ink)
    {
        private readonly Dictionary<int, CandidateResult> _byNumber = result.Candidates.ToDictionary(c => c.Number);

        public void Render()
        {
            Title();
            Advice();
            Front();
            Misses();
            FrontPlot.Write(result, to, width, ink);
            Sensitivities();
            LookedAt();
            foreach (var note in result.Notes)
            {
                Text("Note: " + note);
            }
        }

        private void Title()
        {
            to.WriteLine();
            to.WriteLine(ink.Bold(Cut($"Foretoken tune | {Ink.Clean(result.Name)}")));
            foreach (var line in result.Headline)
            {
                Text(line);
            }

            foreach (var objective in result.Objectives)
            {
                Text((objective.Maximise ? "maximise " : "minimise ") + MeasureText.Name(objective.Measure), "  ");
            }

            foreach (var constraint in result.Constraints)
            {
                Text($"keep {MeasureText.Name(constraint.Measure)} {MeasureText.Bound(constraint)}", "  ");
            }
        }

        private void Advice()
        {
            to.WriteLine();
            if (result.Recommendation is not { } advice || !_byNumber.TryGetValue(advice.Candidate, out var best))
            {
                to.WriteLine(ink.Bad("Nothing could be run"));
                return;
            }

            var head = $"{(advice.MeetsSlo ? "Recommended" : "NOTHING KEEPS THE SLO; nearest")}: candidate {best.Number} | {Ink.Clean(best.Title)}";
            foreach (var line in Lines(head, ""))
            {
                to.WriteLine(advice.MeetsSlo ? ink.Good(line) : ink.Bad(line));
            }

            var rows = AdviceRows(best, MeasureText.Name);
            if (Widest(rows) > width)
            {
                rows = AdviceRows(best, MeasureText.ShortName);
            }

            var (name, value) = (rows.Max(r => r.Name.Length), rows.Max(r => r.Value.Length));
            name = Math.Max(8, Math.Min(name, width - value - 4));
            foreach (var row in rows)
            {
                var left = row.Name.Length > name ? row.Name[..name] : row.Name.PadRight(name);
                var line = $"  {left}  {row.Value.PadLeft(value)}";
                line += row.More.Length > 0 && line.Length + 2 + row.More.Length <= width ? "  " + row.More : "";
                to.WriteLine(row.Bad ? ink.Bad(Cut(line)) : Cut(line.TrimEnd()));
            }

            Points("Why", advice.Reasons);
            Points("What would change it", advice.WouldChange);
            Verification(advice);
        }

        private static int Widest(List<(string Name, string Value, string More, bool Bad)> rows) =>
            2 + rows.Max(r => r.Name.Length) + 2 + rows.Max(r => r.Value.Length) + 2 + rows.Max(r => r.More.Length);

        private List<(string Name, string Value, string More, bool Bad)> AdviceRows(CandidateResult best, Func<Measure, string> named)
        {
            var rows = new List<(string Name, string Value, string More, bool Bad)>();
            for (var i = 0; i < result.Objectives.Count; i++)
            {
                // What is bounded as well is told once, with its bound.
                if (result.Constraints.All(c => c.Measure != result.Objectives[i].Measure))
                {
                    rows.Add((named(result.Objectives[i].Measure), MeasureText.WithDoubt(result.Objectives[i].Measure, best.Objectives[i]), "", false));
                }
            }

            for (var i = 0; i < result.Constraints.Count; i++)
            {
                var constraint = result.Constraints[i];
                rows.Add((named(constraint.Measure), MeasureText.WithDoubt(constraint.Measure, best.Constraints[i]), MeasureText.Bound(constraint), !constraint.IsMet(best.Constraints[i].Value)));
            }

            if (best.Capacity is { } capacity)
            {
                rows.Add(("Highest load that keeps the SLO", $"{Human.Number(capacity.Value, Human.Decimals(capacity.Value))} requests/s", $"{Human.Number(capacity.Low, Human.Decimals(capacity.Value))} to {Human.Number(capacity.High, Human.Decimals(capacity.Value))}", false));
            }

            rows.Add(("GPUs", Human.Number(best.Gpus, 0), "", false));
            if (!double.IsNaN(best.SloProbability))
            {
                rows.Add(("Keeps the SLO", MeasureText.Probability(best.SloProbability), "", false));
                rows.Add(("Is on the front", MeasureText.Probability(best.FrontProbability), "", false));
            }

            return rows;
        }

        private void Verification(Recommendation advice)
        {
            if (advice.Verification.Count == 0)
            {
                return;
            }

            to.WriteLine(ink.Bold("To measure on real GPUs first"));
            foreach (var step in advice.Verification)
            {
                var title = _byNumber.TryGetValue(step.Candidate, out var candidate) ? $" ({Ink.Clean(candidate.Title)})" : "";
                Text($"candidate {step.Candidate}{title}: {step.Why}", "  - ");
                foreach (var (name, band) in step.Bands)
                {
                    Text($"expect {Shown(name, band)}", "      ");
                }
            }
        }

        // Bands name their measures by text; those that the study knows are shown with their unit.
        private string Shown(string name, Interval band)
        {
            foreach (var measure in result.Objectives.Select(o => o.Measure).Concat(result.Constraints.Select(c => c.Measure)).Concat(result.Measures))
            {
                if (measure.Text == name)
                {
                    return $"{MeasureText.Name(measure)} {MeasureText.Band(measure, band)}";
                }
            }

            return $"{name} {Human.Number(band.Low)} to {Human.Number(band.High)}";
        }

        private void Front()
        {
            var front = result.Candidates.Where(c => c.OnFront).OrderBy(c => result.Objectives[0].Cost(c.Objectives[0].Value))
                .ThenBy(c => result.Objectives.Count > 1 ? result.Objectives[1].Cost(c.Objectives[1].Value) : 0).ThenBy(c => c.Number).ToList();
            if (front.Count == 0)
            {
                return;
            }

            to.WriteLine();
            // Settings that never mattered leave candidates with the same results: one of each is enough to look at.
            var different = front.GroupBy(c => string.Join(' ', c.Objectives.Select(o => o.Value.ToString("R", CultureInfo.InvariantCulture))))
                .Select(same => same.FirstOrDefault(c => c.Number == result.Recommendation?.Candidate) ?? same.First()).ToList();
            var alike = different.Count < front.Count ? $", {Human.Number(different.Count, 0)} of them with different results" : "";
            to.WriteLine(ink.Bold(Cut($"Front: {Count(front.Count, "candidate")}{alike} (with 90 % intervals)")));
            var shown = different.Count <= FrontRows ? different : Spread(different);
            Table(shown);
            if (shown.Count < front.Count)
            {
                Text($"{Human.Number(front.Count - shown.Count, 0)} more of the front stand in report.html and candidates.csv.");
            }

            var borrowed = front.Count(c => c.DoubtFrom is not null);
            if (borrowed > 0)
            {
                Text($"Intervals of {Human.Number(borrowed, 0)} of the front are those of their nearest relative that was replicated (tune.replicated).");
            }
        }

        // The recommended one, the ends, and evenly between.
        private List<CandidateResult> Spread(List<CandidateResult> front)
        {
            var chosen = new SortedSet<int>();
            for (var i = 0; i < FrontRows; i++)
            {
                chosen.Add((int)((long)i * (front.Count - 1) / (FrontRows - 1)));
            }

            var recommended = front.FindIndex(c => c.Number == result.Recommendation?.Candidate);
            if (recommended >= 0)
            {
                chosen.Add(recommended);
            }

            return [.. chosen.Select(i => front[i])];
        }

        private void Misses()
        {
            if (result.Constraints.Count == 0 || result.Candidates.Any(c => c.OnFront))
            {
                return;
            }

            var nearest = result.Candidates.Where(c => c.State == CandidateState.Finished && double.IsFinite(c.Violation)).OrderBy(c => c.Violation).ThenBy(c => c.Number).Take(MissRows).ToList();
            if (nearest.Count == 0)
            {
                return;
            }

            to.WriteLine();
            to.WriteLine(ink.Bold("Nearest to the SLO"));
            foreach (var candidate in nearest)
            {
                Text($"candidate {candidate.Number} | {candidate.Title}, {Count(candidate.Gpus, "GPU")}", "  ");
                for (var i = 0; i < result.Constraints.Count; i++)
                {
                    var constraint = result.Constraints[i];
                    var miss = constraint.Miss(candidate.Constraints[i].Value);
                    var text = $"{MeasureText.Name(constraint.Measure)} {MeasureText.WithDoubt(constraint.Measure, candidate.Constraints[i])}, {MeasureText.Bound(constraint)}: {(miss > 0 ? $"{Human.Percent(miss)} off" : "kept")}";
                    foreach (var line in Lines(text, "      "))
                    {
                        to.WriteLine(miss > 0 ? ink.Bad(line) : line);
                    }
                }
            }
        }

        private void Table(List<CandidateResult> candidates)
        {
            const int Configuration = 2;
            var columns = new List<TextTable.Column> { new("", 0, Left: true), new("no.", 0), new("configuration", 4, Left: true), new("GPUs", 3) };
            var cells = new List<Func<CandidateResult, string>>
            {
                c => c.Number == result.Recommendation?.Candidate ? "*" : " ",
                c => c.Number.ToString(CultureInfo.InvariantCulture),
                c => Ink.Clean(c.Title),
                c => Human.Number(c.Gpus, 0),
            };
            for (var i = 0; i < result.Objectives.Count; i++)
            {
                var objective = i;
                var (head, cell) = MeasureText.Column(result.Objectives[i].Measure, candidates.Select(c => c.Objectives[objective]));
                columns.Add(new(head, i switch { 0 => 0, 1 => 1, _ => 3 }));
                cells.Add(c => cell(c.Objectives[objective]));
            }

            columns.AddRange([new("SLO", 2), new("front", 6), new("held back by", 7, Left: true)]);
            cells.AddRange(
            [
                c => MeasureText.Probability(c.SloProbability), c => MeasureText.Probability(c.FrontProbability),
                c => c.Bottleneck.Count > 0 ? $"{c.Bottleneck[0].Key} {Human.Number(c.Bottleneck[0].Value * 100, 0)} %" : "",
            ]);
            for (var i = 0; i < result.Constraints.Count; i++)
            {
                var constraint = i;
                if (result.Objectives.All(o => o.Measure != result.Constraints[constraint].Measure))
                {
                    var (head, cell) = MeasureText.Column(result.Constraints[i].Measure, candidates.Select(c => c.Constraints[constraint]));
                    columns.Add(new(head, 5));
                    cells.Add(c => cell(c.Constraints[constraint]));
                }
            }

            var table = new TextTable([.. columns]);
            foreach (var candidate in candidates)
            {
                table.Add([.. cells.Select(cell => cell(candidate))]);
            }

            table.Render(to, width, ink);
            if (!table.Shows(Configuration, width))
            {
                foreach (var candidate in candidates)
                {
                    Text($"{candidate.Number}: {candidate.Title}", "  ");
                }
            }
        }

        private void Sensitivities()
        {
            if (result.Sensitivities.Count == 0 || result.Candidates.Count == 0)
            {
                return;
            }

            to.WriteLine();
            Heading("What matters: share of the variance that a setting explains, and its best value");
            var columns = new List<TextTable.Column> { new("setting", 0, Left: true) };
            foreach (var objective in result.Objectives)
            {
                columns.Add(new(MeasureText.ShortName(objective.Measure), columns.Count));
                columns.Add(new("best", columns.Count, Left: true));
            }

            var table = new TextTable([.. columns]);
            foreach (var sensitivity in result.Sensitivities.OrderByDescending(s => s.Shares.Where(double.IsFinite).DefaultIfEmpty(0).Max()).Take(10))
            {
                var cells = new List<string> { Ink.Clean(sensitivity.Dimension) };
                for (var i = 0; i < result.Objectives.Count; i++)
                {
                    cells.Add(Human.Number(sensitivity.Shares[i] * 100, 0) + " %");
                    cells.Add(Ink.Clean(sensitivity.Best[i]));
                }

                table.Add([.. cells]);
            }

            table.Render(to, width, ink);
        }

        private void LookedAt()
        {
            to.WriteLine();
            to.WriteLine(ink.Bold("Looked at"));
            var rows = new List<(string Name, string Value)>
            {
                ("points of the space", Human.Number(result.SpaceSize, 0)),
                ("  cannot exist or may not", Human.Number(result.Infeasible.Sum(i => i.Value), 0)),
            };
            foreach (var (reason, points) in result.Infeasible.Take(ReasonRows))
            {
                rows.Add(("    " + reason, Human.Number(points, 0)));
            }

            if (result.Infeasible.Count > ReasonRows)
            {
                rows.Add(($"    {Count(result.Infeasible.Count - ReasonRows, "other reason")}", Human.Number(result.Infeasible.Skip(ReasonRows).Sum(i => i.Value), 0)));
            }

            rows.Add(("  mean the same as another", Human.Number(result.Equivalent, 0)));
            rows.Add(("candidates", Human.Number(result.Candidates.Count, 0)));
            foreach (var (state, name) in new[] { (CandidateState.Hopeless, "  hopeless by the fluid limit"), (CandidateState.OutRaced, "  out-raced on a slice"), (CandidateState.Finished, "  finished") })
            {
                rows.Add((name, Human.Number(result.Candidates.Count(c => c.State == state), 0)));
            }

            rows.Add(("runs", Human.Number(result.Runs, 0)));
            rows.Add(("simulated", $"{Human.Number(result.SimulatedHours)} h"));
            var value = rows.Max(r => r.Value.Length);
            var label = Math.Min(rows.Max(r => r.Name.Length), width - value - 4);
            foreach (var (name, text) in rows)
            {
                to.WriteLine($"  {(Ink.Clean(name).Length > label ? Ink.Clean(name)[..label] : Ink.Clean(name).PadRight(label))}  {text.PadLeft(value)}");
            }

            Text(
                $"On real GPUs: {Human.Number(result.RealGpuHours, 0)} GPU hours" + (double.IsFinite(result.RealCost) ? $", ${Human.Number(result.RealCost, 0)}" : "")
                + $". Here: {Human.Duration(result.WallSeconds)}. Search: {(result.Exhaustive ? "every point" : result.Search)}, seed {result.Seed.ToString(CultureInfo.InvariantCulture)}.");
        }

        private void Heading(string text)
        {
            foreach (var line in Lines(text, ""))
            {
                to.WriteLine(ink.Bold(line));
            }
        }

        private void Points(string title, IReadOnlyList<string> sentences)
        {
            if (sentences.Count == 0)
            {
                return;
            }

            to.WriteLine(ink.Bold(title));
            foreach (var sentence in sentences)
            {
                Text(sentence, "  - ");
            }
        }

        private void Text(string text, string indent = "")
        {
            foreach (var line in Lines(Ink.Clean(text), indent))
            {
                to.WriteLine(line);
            }
        }

        // Only the first line has what the indent may hold, such as a dash.
        private List<string> Lines(string text, string indent)
        {
            var all = new StringWriter(CultureInfo.InvariantCulture);
            Paragraph.Write(all, text, width - indent.Length);
            var lines = all.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return [.. lines.Select((line, i) => Cut((i == 0 ? indent : new string(' ', indent.Length)) + line))];
        }

        private string Cut(string text) => text.Length <= width ? text : text[..width];

        private static string Count(long count, string what) => Human.Number(count, 0) + " " + (count == 1 ? what : what + "s");
    }
}
