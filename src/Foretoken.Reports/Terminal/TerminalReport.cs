using System.Globalization;
using Foretoken.Reports.Json;
using Foretoken.Reports.Metrics;
using Foretoken.Reports.Slo;
using Foretoken.Reports.Summaries;
using Foretoken.Twin.Results;

namespace Foretoken.Reports.Terminal;

/// <summary>
/// The summary on a terminal: verdict first, then AIPerf's table, system metrics, replicas, and the simulator's own speed.
/// No line is longer than the width (from 40 columns on); narrow terminals get fewer columns.
/// </summary>
public static class TerminalReport
{
    /// <summary>Width where the output is not a terminal.</summary>
    public const int PlainWidth = 100;

    /// <summary>Narrowest layout.</summary>
    public const int WidthMin = 40;

    /// <summary>Renders to standard output: its width, and colour unless redirected, <c>NO_COLOR</c> is set, or the terminal is dumb.</summary>
    public static void WriteToConsole(RunSummary summary)
    {
        var colour = !Console.IsOutputRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not "dumb";
        Render(summary, Console.Out, ConsoleWidth(), colour);
    }

    /// <summary>Renders for a terminal of <paramref name="width"/> columns.</summary>
    public static void Render(RunSummary summary, TextWriter to, int width, bool colour)
    {
        // One write: a summary does not flicker in line by line.
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var page = new Page(summary, text, Math.Max(WidthMin, width), new Ink(colour));
        page.Render();
        to.Write(text.ToString());
    }

    private static int ConsoleWidth()
    {
        if (Console.IsOutputRedirected)
        {
            return PlainWidth;
        }

        try
        {
            return Console.WindowWidth is > 0 and var width ? Math.Min(width, 160) : PlainWidth;
        }
        catch (IOException)
        {
            return PlainWidth;
        }
    }

    private sealed class Page(RunSummary summary, StringWriter to, int width, Ink ink)
    {
        public void Render()
        {
            Title();
            Partial();
            Slo();
            Distributions();
            System();
            Replicas();
            Simulator();
            Notes();
        }

        private void Title()
        {
            to.WriteLine();
            var title = Cut($"Foretoken | {Ink.Clean(summary.ScenarioName)}", width);
            to.WriteLine(ink.Bold(title));
            var requests = summary.Requests;
            Wrap(
                $"{Count(requests.Total, "request")} on {Count(summary.Replicas.Count, "replica")}, {Human.Duration(summary.SimulatedSeconds)} simulated"
                + (requests.WarmUp > 0 ? $", the first {Count(requests.WarmUp, "request")} left out as warm-up" : ""),
                t => t);
        }

        private void Partial()
        {
            if (!summary.Partial)
            {
                return;
            }

            var why = summary.StopReason == StopReason.Interrupted ? "interrupted" : "time limit reached";
            to.WriteLine();
            Wrap($"PARTIAL RESULT: {why} after {Human.Duration(summary.SimulatedSeconds)} of simulated time, {Count(summary.Requests.Unfinished, "request")} unfinished. Every number below describes only what was finished.", ink.Warn);
        }

        private void Slo()
        {
            if (summary.Slo is not { } slo)
            {
                return;
            }

            to.WriteLine();
            to.WriteLine(Verdict(slo.Verdict, "SLO " + SummaryJson.NameOf(slo.Verdict) + (summary.Partial ? " (partial result)" : "")));
            var rows = SloRows(slo, shortNames: false);
            if (rows.Exists(r => r.Line.Length > width))
            {
                rows = SloRows(slo, shortNames: true);
            }

            foreach (var (verdict, line) in rows)
            {
                to.WriteLine(Verdict(verdict, Cut(line, width)));
            }

            var minutes = $"  {Human.Number(slo.BadMinutes.Count, 0)} of {Count(slo.JudgedMinutes, "minute")} bad";
            if (slo.BadMinutes.Count > 0)
            {
                minutes += ": " + Ranges(slo.BadMinutes, 8);
            }

            if (summary.ValueOf(MetricCatalogue.GoodRequestFraction) is { } good)
            {
                minutes += $"; {Human.Percent(good)} of requests good";
                minutes += summary.ValueOf(MetricCatalogue.Goodput) is { } goodput ? $", goodput {Human.Number(goodput)} requests/s" : "";
            }

            Wrap(minutes, t => t, "  ");
        }

        private static List<(SloVerdict Verdict, string Line)> SloRows(SloResult slo, bool shortNames)
        {
            var rows = slo.Targets.Select(t => (
                t.Verdict,
                What: StatisticOf(t, shortNames),
                Value: Text(t.Metric, t.Value, shortNames),
                Bound: Bound(t.Metric.Better == MetricDirection.Higher, Text(t.Metric, t.Bound, shortNames)))).ToList();
            if (slo.FailedFraction > 0 || slo.FailedFractionMax > 0)
            {
                var verdict = slo.FailedFraction <= slo.FailedFractionMax ? SloVerdict.Met : SloVerdict.Missed;
                rows.Add((verdict, shortNames ? "Failed" : "Failed requests", Human.Percent(slo.FailedFraction), Bound(false, Human.Percent(slo.FailedFractionMax))));
            }

            var marks = rows.Select(r => r.Verdict == SloVerdict.Met ? "ok" : SummaryJson.NameOf(r.Verdict)).ToList();
            var mark = marks.Select(m => m.Length).DefaultIfEmpty().Max();
            var what = rows.Select(r => r.What.Length).DefaultIfEmpty().Max();
            var value = rows.Select(r => r.Value.Length).DefaultIfEmpty().Max();
            return [.. rows.Select((r, i) => (r.Verdict, $"  {marks[i].PadRight(mark)}  {r.What.PadRight(what)}  {r.Value.PadLeft(value)}  {r.Bound}"))];

            string Bound(bool atLeast, string bound) => shortNames ? (atLeast ? ">= " : "<= ") + bound : (atLeast ? "at least " : "at most ") + bound;
        }

        private void Distributions()
        {
            if (summary.Distributions.Count == 0)
            {
                to.WriteLine();
                Wrap("No request was answered: there are no latencies.", t => t);
                return;
            }

            to.WriteLine();
            var wide = DistributionTable(shortNames: false);
            var narrow = DistributionTable(shortNames: true);
            (wide.Shown(width) >= 8 ? wide : narrow).Render(to, width, ink);
        }

        private TextTable DistributionTable(bool shortNames)
        {
            var table = new TextTable(
            [
                new("Metric", 0), new("unit", 2, Left: true), new("avg", 0), new("min", 6), new("max", 4), new("p99", 1), new("p95", 7), new("p90", 3), new("p75", 9), new("p50", 1), new("std", 8),
            ]);
            foreach (var (metric, values) in summary.Distributions)
            {
                // The same numbers as the row above it; JSON and HTML carry both names.
                if (metric == MetricCatalogue.TimePerOutputToken)
                {
                    continue;
                }

                var (unit, factor) = UnitOf(metric, values.Mean, values.Maximum, shortNames);
                var decimals = metric.Unit == "tokens" ? 0 : Human.Decimals(values.Mean * factor);
                string Cell(double value) => Human.Number(value * factor, decimals);
                table.Add(
                    shortNames ? metric.ShortName : metric.Name, unit, Human.Number(values.Mean * factor, Human.Decimals(values.Mean * factor)), Cell(values.Minimum), Cell(values.Maximum),
                    Cell(values.At(99)), Cell(values.At(95)), Cell(values.At(90)), Cell(values.At(75)), Cell(values.At(50)), Human.Number(values.StandardDeviation * factor, Human.Decimals(values.Mean * factor)));
            }

            return table;
        }

        private void System()
        {
            var items = new List<(string Name, string Value)>();
            Item(MetricCatalogue.OutputTokenThroughput);
            Item(MetricCatalogue.TotalTokenThroughput);
            Item(MetricCatalogue.RequestThroughput);
            Item(MetricCatalogue.MeanConcurrency);
            Item(MetricCatalogue.BenchmarkDuration);
            var requests = summary.Requests;
            items.Add(("Requests answered", $"{Human.Number(requests.Answered, 0)} of {Human.Number(requests.Measured, 0)}"));
            foreach (var (name, count) in new[] { ("truncated", requests.Truncated), ("rejected", requests.Rejected), ("aborted", requests.Aborted), ("unfinished", requests.Unfinished) })
            {
                if (count > 0)
                {
                    items.Add(("  " + name, Human.Number(count, 0)));
                }
            }

            Item(MetricCatalogue.PrefixCacheReuse);
            Pair("KV cache usage", MetricCatalogue.KvCacheUsageMean, MetricCatalogue.KvCacheUsagePeak, Human.Percent);
            Pair("Running batch", MetricCatalogue.RunningMean, MetricCatalogue.RunningPeak, Human.Number);
            Pair("Waiting requests", MetricCatalogue.WaitingMean, MetricCatalogue.WaitingPeak, Human.Number);
            Item(MetricCatalogue.ReplicaBusy);
            Item(MetricCatalogue.Preemptions);
            Item(MetricCatalogue.GpuHours);

            to.WriteLine();
            var lines = Grid(items, columns: 2);
            foreach (var line in lines.Exists(l => l.Length > width) ? Grid(items, columns: 1) : lines)
            {
                to.WriteLine(Cut(line, width));
            }

            void Item(MetricDefinition metric)
            {
                if (summary.ValueOf(metric) is { } value)
                {
                    items.Add((metric.Name, metric == MetricCatalogue.BenchmarkDuration ? Human.Duration(value) : Text(metric, value)));
                }
            }

            void Pair(string name, MetricDefinition mean, MetricDefinition peak, Func<double, string> text)
            {
                if (summary.ValueOf(mean) is { } a && summary.ValueOf(peak) is { } b)
                {
                    items.Add((name, $"{text(a)} avg, {text(b)} peak"));
                }
            }
        }

        /// <summary>Names and values side by side, filled column by column.</summary>
        private static List<string> Grid(List<(string Name, string Value)> items, int columns)
        {
            var rows = (items.Count + columns - 1) / columns;
            var lines = Enumerable.Repeat("", rows).ToList();
            for (var column = 0; column < columns; column++)
            {
                var part = items.Skip(column * rows).Take(rows).ToList();
                var name = part.Select(i => i.Name.Length).DefaultIfEmpty().Max();
                var value = part.Select(i => i.Value.Length).DefaultIfEmpty().Max();
                for (var row = 0; row < part.Count; row++)
                {
                    lines[row] += (column > 0 ? "    " : "") + part[row].Name.PadRight(name) + "  " + part[row].Value.PadLeft(value);
                }
            }

            return lines;
        }

        private void Replicas()
        {
            if (summary.Replicas.Count == 0)
            {
                return;
            }

            to.WriteLine();
            var table = new TextTable(
            [
                new("Replica", 0), new("requests", 0), new("busy", 1), new("batch", 1), new("peak", 5), new("waiting", 2), new("peak", 6), new("KV", 2), new("peak", 4), new("preempt", 3), new("output tokens", 7), new("steps", 8),
            ]);
            if (summary.Replicas.Count <= 8)
            {
                foreach (var r in summary.Replicas)
                {
                    Row(Human.Number(r.Worker, 0), f => f(r));
                }
            }
            else
            {
                Row("lowest", f => summary.Replicas.Min(f));
                Row("median", f => Median(summary.Replicas.Select(f)));
                Row("highest", f => summary.Replicas.Max(f));
            }

            table.Render(to, width, ink);

            void Row(string name, Func<Func<ReplicaSummary, double>, double> pick) => table.Add(
                name,
                Human.Number(pick(r => r.Requests), 0),
                Human.Percent(pick(r => r.BusyFraction)),
                Human.Number(pick(r => r.RunningMean), 1),
                Human.Number(pick(r => r.RunningPeak), 0),
                Human.Number(pick(r => r.WaitingMean), 1),
                Human.Number(pick(r => r.WaitingPeak), 0),
                Human.Percent(pick(r => r.KvUsageMean)),
                Human.Percent(pick(r => r.KvUsagePeak)),
                Human.Number(pick(r => r.Preemptions), 0),
                Human.Number(pick(r => r.OutputTokens), 0),
                Human.Number(pick(r => r.Steps), 0));
        }

        private void Simulator()
        {
            if (summary.WallClock is not { } clock)
            {
                return;
            }

            to.WriteLine();
            Wrap(
                $"Simulator: {Human.Duration(summary.SimulatedSeconds)} in {Human.Duration(clock.RunSeconds)}"
                + (clock.SetUpSeconds is { } setUp ? $" (and {Human.Duration(setUp)} of set-up)" : "")
                + $": {Human.Rate(clock.SimulatedSecondsPerSecond)} simulated s/s, {Human.Rate(clock.RequestsPerSecond)} requests/s, {Human.Rate(clock.OutputTokensPerSecond)} output tokens/s, {Human.Rate(clock.TokensPerSecond)} tokens/s in all. Engine mode {Ink.Clean(summary.EngineMode)}, seed {summary.Seed.ToString(CultureInfo.InvariantCulture)}, fingerprint {SummaryJson.Fingerprint(summary.Fingerprint)}.",
                ink.Dim);
        }

        private void Notes()
        {
            if (summary.DistributionOf(MetricCatalogue.InterTokenLatency) is not null)
            {
                Wrap("Inter-token latency: one mean per request (AIPerf's ITL, vLLM bench's TPOT). Inter-token gap: every gap, pooled (vLLM bench's ITL). All definitions: docs/results.md", ink.Dim);
            }
        }

        private string Verdict(SloVerdict verdict, string text) => verdict switch
        {
            SloVerdict.Met => ink.Good(text),
            SloVerdict.Missed => ink.Bad(text),
            _ => ink.Warn(text),
        };

        private void Wrap(string text, Func<string, string> mark, string indent = "")
        {
            var line = "";
            foreach (var word in text.TrimStart().Split(' '))
            {
                if (line.Length > 0 && indent.Length + line.Length + 1 + word.Length > width)
                {
                    to.WriteLine(mark(indent + line));
                    line = "";
                }

                line = line.Length == 0 ? word : line + " " + word;
            }

            to.WriteLine(mark(indent + line));
        }

        private static string StatisticOf(SloTargetResult target, bool shortNames)
        {
            var name = shortNames ? target.Metric.ShortName : target.Metric.Name;
            return target.Metric.Kind == MetricKind.PerRun ? name : $"{target.Statistic} {name}";
        }

        private static string Text(MetricDefinition metric, double value, bool shortNames = false)
        {
            if (double.IsNaN(value))
            {
                return "no value";
            }

            if (metric.IsShare)
            {
                return Human.Percent(value);
            }

            var (unit, factor) = UnitOf(metric, value, value, shortNames);
            return (Human.Number(value * factor) + " " + unit).TrimEnd();
        }

        private static (string Unit, double Factor) UnitOf(MetricDefinition metric, double mean, double max, bool shortUnits) => metric.Unit switch
        {
            "tokens/s/user" when shortUnits => ("tokens/s", 1),
            "ms" when mean >= 10_000 => ("s", 1e-3),
            "ms" when max < 1 => ("us", 1e3),
            var unit => (unit, 1),
        };

        private static string Ranges(IReadOnlyList<int> minutes, int most)
        {
            var parts = new List<string>();
            for (var i = 0; i < minutes.Count; i++)
            {
                var first = i;
                while (i + 1 < minutes.Count && minutes[i + 1] == minutes[i] + 1)
                {
                    i++;
                }

                parts.Add(first == i ? Human.Number(minutes[i], 0) : $"{Human.Number(minutes[first], 0)}-{Human.Number(minutes[i], 0)}");
            }

            return parts.Count <= most ? string.Join(", ", parts) : string.Join(", ", parts.Take(most)) + ", ...";
        }

        private static double Median(IEnumerable<double> values)
        {
            var sorted = values.Order().ToArray();
            return RequestStatistics.Percentile(sorted, 50);
        }

        private static string Count(long count, string what) => Human.Number(count, 0) + " " + (count == 1 ? what : what + "s");

        private static string Cut(string text, int width) => text.Length <= width ? text : text[..width];
    }
}
