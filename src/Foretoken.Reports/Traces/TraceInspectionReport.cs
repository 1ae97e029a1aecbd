using System.Globalization;
using System.Text;
using Foretoken.Reports.Terminal;
using Foretoken.Workloads.Traces;
using Foretoken.Workloads.Traces.Inspection;

namespace Foretoken.Reports.Traces;

/// <summary>What <c>trace inspect</c> prints: rates over time, lengths, prefix reuse, bursts and sessions. Fits 60 columns and more.</summary>
public static class TraceInspectionReport
{
    /// <summary>Width where the output is not a terminal.</summary>
    public const int PlainWidth = 80;

    /// <summary>Narrowest layout.</summary>
    public const int WidthMin = 56;

    /// <summary>Widest layout: longer bars say nothing more.</summary>
    public const int WidthMax = 110;

    /// <summary>Renders for a terminal of <paramref name="width"/> columns.</summary>
    public static string Render(string name, TraceFormat format, TraceInspector trace, int width, bool colour)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        new Page(name, format, trace, text, Math.Clamp(width, WidthMin, WidthMax), new Ink(colour)).Render();
        return text.ToString();
    }

    private sealed class Page(string name, TraceFormat format, TraceInspector trace, StringWriter to, int width, Ink ink)
    {
        private const int PlotRows = 6;

        private const char Unbroken = '\u00A0';

        private double Seconds => trace.Span.TotalSeconds;

        public void Render()
        {
            Title();
            Rates();
            Lengths();
            Reuse();
            Bursts();
            Sessions();
            Classes();
        }

        private void Title()
        {
            to.WriteLine(ink.Bold(Ink.Clean(name)));
            var facts = new List<string> { TraceFormats.Name(format), Count(trace.Requests, "request") };
            if (Seconds > 0)
            {
                facts.Add(Human.Duration(Seconds));
            }

            facts.Add(Tokens(trace.Inputs.Sum) + " prompt + " + Tokens(trace.Outputs.Sum) + " answer tokens");
            // Lines break between facts, not inside them.
            Line(string.Join(" · ", facts.Select(f => f.Replace(' ', Unbroken))), "");
        }

        private void Rates()
        {
            if (Seconds <= 0)
            {
                Heading("Arrivals");
                to.WriteLine(trace.TimedRequests == 0
                    ? "  The trace has no arrival times: replay it under a concurrency or a rate."
                    : "  All requests arrive at once.");
                return;
            }

            const int axis = 8;
            var (bins, binSeconds) = trace.Timeline.InAtMost(width - axis - 2);
            Heading($"Requests per second, one column is {Human.Duration(binSeconds)}");

            // The last column usually reaches beyond the end: its rate counts the time that the trace has.
            var rates = new double[bins.Length];
            for (var i = 0; i < bins.Length; i++)
            {
                rates[i] = bins[i].Requests / Math.Max(binSeconds / 8, Math.Min(binSeconds, Seconds - i * binSeconds));
            }

            Plot(rates, axis);
            TimeAxis(bins.Length, binSeconds, axis);
            to.WriteLine();
            var table = new TextTable([new("", 0), new("mean", 0), new("peak 1 s", 1), new("peak 10 s", 2), new("peak 60 s", 1)]);
            Load(table, "requests/s", trace.TimedRequests, w => w.PeakRequests);
            Load(table, "prompt tokens/s", trace.TimedInputTokens, w => w.PeakInputTokens);
            if (trace.Reuse.RowsWithIds > 0)
            {
                Load(table, "  not reusable", trace.TimedUncachedTokens, w => w.PeakUncachedTokens);
            }

            Load(table, "answer tokens/s", trace.TimedOutputTokens, w => w.PeakOutputTokens);
            table.Render(to, width, ink, "  ");
            if (trace.TimedRequests < trace.Requests)
            {
                to.WriteLine();
                Line($"{Count(trace.Requests - trace.TimedRequests, "session turn")} follow the answers before them and have no time of their own: they are not in these rates.");
            }

            if (!trace.PeaksCoverAll)
            {
                Line("The file lists sessions one after another: peaks count requests on their own and first turns only.");
            }
        }

        private void Load(TextTable table, string label, double total, Func<ArrivalWindow, long> peak) => table.Add(
        [
            label,
            Human.Rate(total / Seconds),
            .. trace.Peaks.Select(w => w.Windows == 0 ? "-" : Human.Rate((double)peak(w) / w.Seconds)),
        ]);

        private void Plot(double[] rates, int axis)
        {
            const string levels = " ▁▂▃▄▅▆▇█";
            var top = rates.Max();
            for (var row = PlotRows - 1; row >= 0; row--)
            {
                var label = row == PlotRows - 1 ? Human.Rate(top) : row == 0 ? "0" : "";
                var line = new StringBuilder(rates.Length);
                foreach (var rate in rates)
                {
                    var eighths = (int)Math.Ceiling(rate / top * PlotRows * 8) - row * 8;
                    line.Append(levels[Math.Clamp(eighths, 0, 8)]);
                }

                to.WriteLine(label.PadLeft(axis - 1) + " " + ink.Dim(row == PlotRows - 1 ? "┤" : row == 0 ? "┼" : "│") + ink.Good(line.ToString().TrimEnd()));
            }
        }

        private void TimeAxis(int columns, double binSeconds, int axis)
        {
            // Marks at round times, as many as have room.
            var seconds = columns * binSeconds;
            var step = Steps.FirstOrDefault(s => seconds / s <= columns / 12.0, Steps[^1]);
            var marks = new StringBuilder(new string(' ', columns + 12));
            var labels = new StringBuilder(new string(' ', columns + 12));
            for (var t = 0.0; t <= Seconds; t += step)
            {
                var at = (int)Math.Min(columns - 1, Math.Round(t / binSeconds));
                var label = t == 0 ? "0" : Human.Duration(t);
                marks[at] = '┬';
                if (at + label.Length <= columns + 1)
                {
                    labels.Remove(at, label.Length).Insert(at, label);
                }
            }

            to.WriteLine(new string(' ', axis) + ink.Dim("└" + marks.ToString(0, columns).Replace(' ', '─')));
            to.WriteLine(new string(' ', axis + 1) + ink.Dim(labels.ToString().TrimEnd()));
        }

        private void Lengths()
        {
            Heading("Lengths in tokens");
            var quantiles = new (string Title, double Q, int Importance)[]
            {
                ("p1", 0.01, 4), ("p5", 0.05, 6), ("p25", 0.25, 3), ("p50", 0.5, 0), ("p75", 0.75, 5), ("p90", 0.9, 1), ("p95", 0.95, 4), ("p99", 0.99, 0), ("p99.9", 0.999, 3),
            };
            var table = new TextTable(
            [
                new("", 0), new("mean", 0), new("std", 5), new("min", 2), .. quantiles.Select(q => new TextTable.Column(q.Title, q.Importance)), new("max", 1),
            ]);
            foreach (var (label, lengths) in new[] { ("prompt", trace.Inputs), ("answer", trace.Outputs) })
            {
                table.Add(
                [
                    label, Human.Number(lengths.Mean, 0), Human.Number(lengths.StandardDeviation, 0), Human.Number(lengths.Minimum, 0),
                    .. quantiles.Select(q => Human.Number(lengths.Quantile(q.Q), 0)), Human.Number(lengths.Maximum, 0),
                ]);
            }

            table.Render(to, width, ink, "  ");
            to.WriteLine();
            Histogram();
            to.WriteLine();
            var ratio = (double)trace.Outputs.Sum / (double)trace.Inputs.Sum;
            Line($"answer/prompt tokens {Human.Number(ratio, 3)}, correlation of the lengths {Signed(trace.Correlation)}");
        }

        private void Histogram()
        {
            var inputs = trace.Inputs.PowersOfTwo();
            var outputs = trace.Outputs.PowersOfTwo();
            var first = Math.Min(FirstUsed(inputs), FirstUsed(outputs));
            var bar = (width - 2 - 8 - 2 * 9) / 2;
            var most = Math.Max(inputs.Max(), outputs.Max());
            to.WriteLine(ink.Bold("  " + "from".PadLeft(6) + "  " + "prompt".PadRight(bar + 9) + "answer"));
            for (var k = first; k < Math.Max(inputs.Length, outputs.Length); k++)
            {
                to.WriteLine(("  " + Power(k).PadLeft(6) + "  " + Side(inputs) + Side(outputs)).TrimEnd());

                string Side(long[] bins)
                {
                    var count = k < bins.Length ? bins[k] : 0;
                    var share = count == 0 ? "" : Human.Number(100.0 * count / trace.Requests, 1) + " %";
                    var filled = Bar((double)count / most * bar);
                    return ink.Good(filled) + new string(' ', bar - filled.Length) + share.PadLeft(8) + " ";
                }
            }
        }

        private void Reuse()
        {
            var reuse = trace.Reuse;
            Heading("Prefix reuse, if the cache never forgot");
            if (reuse.RowsWithIds == 0)
            {
                to.WriteLine("  The trace does not tell what its prompts share (it has no hash ids).");
                return;
            }

            var bar = Math.Min(30, width - 50);
            Share("prompt tokens", reuse.ReusedTokens, (double)trace.Inputs.Sum, $"of {Tokens(trace.Inputs.Sum)}");
            Share("requests", reuse.RowsWithReuse, trace.Requests, "reuse a block or more");
            var hot = reuse.HottestPrefix();
            Share("hottest start", hot.Rows, trace.Requests, $"share {Human.Number(hot.Tokens, 0)} tokens");
            to.WriteLine();
            Line($"Counted in engine blocks of {reuse.EngineBlockTokens} tokens. Different content: {Count(reuse.DistinctBlocks, "hash block")} of {reuse.HashBlockTokens}, {Tokens(reuse.DistinctTokens)} tokens.");
            if (reuse.RowsWithIds < trace.Requests)
            {
                Line($"Only {Count(reuse.RowsWithIds, "request")} of {Human.Number(trace.Requests, 0)} have hash ids.");
            }

            void Share(string label, double part, double whole, string note)
            {
                var filled = Bar(part / whole * bar);
                var rest = new string('·', bar - filled.Length);
                to.WriteLine($"  {label,-14}{Human.Percent(part / whole),8}  {ink.Good(filled)}{ink.Dim(rest)}  {note}".TrimEnd());
            }
        }

        private void Bursts()
        {
            if (trace.Gaps < 2 || Seconds <= 0)
            {
                return;
            }

            Heading("Bursts (Poisson arrivals have 1 everywhere)");
            to.WriteLine($"  variation of the gaps between arrivals   {Human.Number(trace.GapVariation, 2),8}");
            foreach (var window in trace.Windows)
            {
                var seconds = Human.Number(window.Seconds, 0);
                to.WriteLine($"  dispersion of counts in windows of {seconds,2} s  {Human.Number(window.Dispersion, 2),8}");
            }

            if (trace.Sessions > 0)
            {
                Line("Counted over requests on their own and first turns of sessions.");
            }
        }

        private void Sessions()
        {
            if (trace.Sessions == 0)
            {
                return;
            }

            Heading("Sessions");
            var turns = trace.TurnsPerSession();
            to.WriteLine($"  {Count(trace.Sessions, "session")}, {Human.Percent((double)trace.SessionRequests / trace.Requests)} of all requests");
            to.WriteLine($"  turns   mean {Human.Number(turns.Mean, 1)}, p50 {Human.Number(turns.Quantile(0.5), 0)}, p90 {Human.Number(turns.Quantile(0.9), 0)}, max {Human.Number(turns.Maximum, 0)}");
            if (trace.Delays > 0)
            {
                to.WriteLine($"  waits   p50 {Human.Duration(trace.DelayQuantile(0.5))}, p90 {Human.Duration(trace.DelayQuantile(0.9))}, p99 {Human.Duration(trace.DelayQuantile(0.99))}");
            }
        }

        private void Classes()
        {
            const int most = 20;
            var classes = trace.Classes;
            if (classes.Count == 0)
            {
                return;
            }

            Heading("Workload classes");
            var table = new TextTable(
            [
                new("", 0), new("requests", 0), new("share", 0), new("tokens", 2), new("prompt mean", 0), new("p50", 3), new("p99", 4), new("answer mean", 0), new("p50", 3), new("p99", 4),
            ]);
            var tokens = (double)(trace.Inputs.Sum + trace.Outputs.Sum);
            foreach (var own in classes.Take(most))
            {
                table.Add(
                    ClassLabel.Of(own.Name), Human.Number(own.Requests, 0), Human.Percent((double)own.Requests / trace.Requests), Human.Percent((double)(own.Inputs.Sum + own.Outputs.Sum) / tokens),
                    Human.Number(own.Inputs.Mean, 0), Human.Number(own.Inputs.Quantile(0.5), 0), Human.Number(own.Inputs.Quantile(0.99), 0),
                    Human.Number(own.Outputs.Mean, 0), Human.Number(own.Outputs.Quantile(0.5), 0), Human.Number(own.Outputs.Quantile(0.99), 0));
            }

            table.Render(to, width, ink, "  ");
            if (classes.Count > most)
            {
                Line($"and {Count(classes.Count - most, "class", "classes")} more with {Human.Percent((double)classes.Skip(most).Sum(c => c.Requests) / trace.Requests)} of the requests");
            }
        }

        private void Heading(string text)
        {
            to.WriteLine();
            to.WriteLine(ink.Bold(text));
        }

        /// <summary>A sentence, broken at blanks.</summary>
        private void Line(string text, string indent = "  ")
        {
            var line = new StringBuilder(indent);
            foreach (var word in text.Split(' '))
            {
                if (line.Length > indent.Length && line.Length + 1 + word.Length > width)
                {
                    to.WriteLine(ink.Dim(line.Replace(Unbroken, ' ').ToString()));
                    line.Clear().Append(indent);
                }

                line.Append(line.Length > indent.Length ? " " : "").Append(word);
            }

            to.WriteLine(ink.Dim(line.Replace(Unbroken, ' ').ToString()));
        }

        private static int FirstUsed(long[] bins) => Array.FindIndex(bins, b => b > 0);

        /// <summary>A bar of the given length in columns, to an eighth; anything above zero is visible.</summary>
        private static string Bar(double columns)
        {
            const string parts = "▏▎▍▌▋▊▉";
            var eighths = columns <= 0 ? 0 : Math.Max(1, (int)Math.Round(columns * 8));
            return new string('█', eighths / 8) + (eighths % 8 == 0 ? "" : parts[eighths % 8 - 1]);
        }

        private static string Power(int k) => k switch
        {
            >= 30 => Human.Number(1L << (k - 30), 0) + "G",
            >= 20 => Human.Number(1L << (k - 20), 0) + "M",
            >= 10 => Human.Number(1L << (k - 10), 0) + "k",
            _ => Human.Number(1L << k, 0),
        };

        private static string Signed(double value) => double.IsFinite(value) ? value.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture) : "-";

        private static string Tokens(Int128 tokens) => tokens < 10_000 ? Human.Number((double)tokens, 0) : Human.Rate((double)tokens);

        private static string Count(long count, string what, string? many = null) => Human.Number(count, 0) + " " + (count == 1 ? what : many ?? what + "s");

        private static readonly double[] Steps =
        [
            0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200,
            86_400, 172_800, 432_000, 864_000, 2_592_000, 8_640_000, 31_536_000,
        ];
    }
}
