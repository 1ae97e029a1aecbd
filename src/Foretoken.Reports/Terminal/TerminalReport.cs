using System.Globalization;
using Foretoken.Engines.Tiers;
using Foretoken.Reports.Json;
using Foretoken.Metrics;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
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
            Classes();
            System();
            Pools();
            Replicas();
            Tiers();
            HandOffs();
            Simulator();
            Notes();
            if (summary.ExplainedRequest is { } life)
            {
                RequestStory.Write(life, to, width, ink);
            }
        }

        private void Title()
        {
            to.WriteLine();
            var title = Cut($"Foretoken | {Ink.Clean(summary.ScenarioName)}", width);
            to.WriteLine(ink.Bold(title));
            foreach (var line in summary.Headline)
            {
                Wrap(Ink.Clean(line), t => t);
            }

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

            var why = summary.StopReason switch
            {
                StopReason.Interrupted => "interrupted",
                StopReason.Stalled => "no replica served the waiting requests and none was coming",
                _ => "time limit reached",
            };
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
            if (Widest(rows) > width)
            {
                rows = SloRows(slo, shortNames: true);
            }

            foreach (var row in rows)
            {
                to.WriteLine(Verdict(row.Verdict, Cut(row.Text, width)));
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

        private static List<SloRow> SloRows(SloResult slo, bool shortNames)
        {
            var rows = new List<SloRow>();
            for (var i = 0; i < slo.Targets.Count; i++)
            {
                var target = slo.Targets[i];
                rows.Add(new SloRow(target.Verdict, StatisticOf(target, shortNames), Text(target.Metric, target.Value, shortNames), Bound(target.Metric.Better == MetricDirection.Higher, Text(target.Metric, target.Bound, shortNames))));
            }

            if (slo.FailedFraction > 0 || slo.FailedFractionMax > 0)
            {
                var verdict = slo.FailedFraction <= slo.FailedFractionMax ? SloVerdict.Met : SloVerdict.Missed;
                rows.Add(new SloRow(verdict, shortNames ? "Failed" : "Failed requests", Human.Percent(slo.FailedFraction), Bound(false, Human.Percent(slo.FailedFractionMax))));
            }

            int mark = 0, what = 0, value = 0;
            foreach (var row in rows)
            {
                mark = Math.Max(mark, row.Mark.Length);
                what = Math.Max(what, row.What.Length);
                value = Math.Max(value, row.Value.Length);
            }

            foreach (var row in rows)
            {
                row.Text = $"  {row.Mark.PadRight(mark)}  {row.What.PadRight(what)}  {row.Value.PadLeft(value)}  {row.Bound}";
            }

            return rows;

            string Bound(bool atLeast, string bound) => shortNames ? (atLeast ? ">= " : "<= ") + bound : (atLeast ? "at least " : "at most ") + bound;
        }

        private static int Widest(List<SloRow> rows)
        {
            var widest = 0;
            foreach (var row in rows)
            {
                widest = Math.Max(widest, row.Text.Length);
            }

            return widest;
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
            for (var i = 0; i < summary.Distributions.Count; i++)
            {
                var (metric, values) = summary.Distributions[i];

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

        private void Classes()
        {
            const int most = 20;
            if (summary.Classes.Count == 0)
            {
                return;
            }

            to.WriteLine();
            var table = new TextTable(
            [
                new("Class", 0), new("requests", 0), new("share", 3), new("failed", 6), new("prompt", 4), new("answer", 5), new("TTFT p95", 0), new("p99", 1), new("p50", 7), new("ITL p95", 0), new("p99", 1), new("p50", 8),
                new("e2e p95", 9), new("tok/s/user p5", 3), new("good", 2),
            ]);
            foreach (var own in summary.Classes.OrderByDescending(c => c.Requests).Take(most))
            {
                table.Add(
                    ClassLabel.Of(own.Name), Human.Number(own.Requests, 0), Human.Percent((double)own.Requests / Math.Max(1, summary.Requests.Measured)), Human.Number(own.Requests - own.Answered, 0),
                    Mean(own, MetricCatalogue.InputSequenceLength), Mean(own, MetricCatalogue.OutputSequenceLength),
                    At(own, MetricCatalogue.TimeToFirstToken, 95), At(own, MetricCatalogue.TimeToFirstToken, 99), At(own, MetricCatalogue.TimeToFirstToken, 50),
                    At(own, MetricCatalogue.InterTokenLatency, 95), At(own, MetricCatalogue.InterTokenLatency, 99), At(own, MetricCatalogue.InterTokenLatency, 50),
                    At(own, MetricCatalogue.RequestLatency, 95), At(own, MetricCatalogue.OutputTokenThroughputPerUser, 5), own.Good is { } good ? Human.Percent((double)good / Math.Max(1, own.Requests)) : "-");
            }

            table.Render(to, width, ink);
            Wrap(
                (summary.Classes.Count > most ? $"The {most} largest of {Human.Number(summary.Classes.Count, 0)} classes. " : "") + "By class, times in ms, mean prompt and answer in tokens.", ink.Dim);

            static string Mean(ClassSummary own, MetricDefinition metric) => Human.Number(own.DistributionOf(metric)?.Mean ?? double.NaN, 0);

            static string At(ClassSummary own, MetricDefinition metric, double percentile) =>
                own.DistributionOf(metric)?.At(percentile) is { } value ? Human.Number(value, Human.Decimals(value)) : "-";
        }

        private void System()
        {
            var items = new List<Item>();
            Single(MetricCatalogue.OutputTokenThroughput);
            Single(MetricCatalogue.TotalTokenThroughput);
            Single(MetricCatalogue.RequestThroughput);
            Single(MetricCatalogue.MeanConcurrency);
            Single(MetricCatalogue.BenchmarkDuration);
            var requests = summary.Requests;
            items.Add(new Item("Requests answered", $"{Human.Number(requests.Answered, 0)} of {Human.Number(requests.Measured, 0)}"));
            Failures("truncated", requests.Truncated);
            Failures("rejected: too long", requests.Rejected);
            Failures("shed by the router", requests.Shed);
            Failures("aborted", requests.Aborted);
            Failures("unfinished", requests.Unfinished);

            Single(MetricCatalogue.PrefixCacheReuse);
            Pair("KV cache usage", MetricCatalogue.KvCacheUsageMean, MetricCatalogue.KvCacheUsagePeak, Human.Percent);
            Pair("Running batch", MetricCatalogue.RunningMean, MetricCatalogue.RunningPeak, Human.Number);
            Pair("Waiting requests", MetricCatalogue.WaitingMean, MetricCatalogue.WaitingPeak, Human.Number);
            Single(MetricCatalogue.ReplicaBusy);
            Single(MetricCatalogue.Preemptions);
            Single(MetricCatalogue.GpuHours);
            Single(MetricCatalogue.Cost);
            Single(MetricCatalogue.CostPerMillionOutputTokens);
            Single(MetricCatalogue.ScalingEvents);

            to.WriteLine();
            var lines = Grid(items, columns: 2);
            foreach (var line in lines)
            {
                if (line.Length > width)
                {
                    lines = Grid(items, columns: 1);
                    break;
                }
            }

            foreach (var line in lines)
            {
                to.WriteLine(Cut(line, width));
            }

            void Failures(string name, long count)
            {
                if (count > 0)
                {
                    items.Add(new Item("  " + name, Human.Number(count, 0)));
                }
            }

            void Single(MetricDefinition metric)
            {
                if (summary.ValueOf(metric) is { } value)
                {
                    items.Add(new Item(metric.Name, metric == MetricCatalogue.BenchmarkDuration ? Human.Duration(value) : Text(metric, value)));
                }
            }

            void Pair(string name, MetricDefinition mean, MetricDefinition peak, Func<double, string> text)
            {
                if (summary.ValueOf(mean) is { } a && summary.ValueOf(peak) is { } b)
                {
                    items.Add(new Item(name, $"{text(a)} avg, {text(b)} peak"));
                }
            }
        }

        /// <summary>Names and values side by side, filled column by column.</summary>
        private static List<string> Grid(List<Item> items, int columns)
        {
            var rows = (items.Count + columns - 1) / columns;
            var lines = new List<string>();
            for (var column = 0; column < columns; column++)
            {
                var first = column * rows;
                var end = Math.Min(items.Count, first + rows);
                int name = 0, value = 0;
                for (var i = first; i < end; i++)
                {
                    name = Math.Max(name, items[i].Name.Length);
                    value = Math.Max(value, items[i].Value.Length);
                }

                for (var i = first; i < end; i++)
                {
                    var pair = items[i].Name.PadRight(name) + "  " + items[i].Value.PadLeft(value);
                    if (column == 0)
                    {
                        lines.Add(pair);
                    }
                    else
                    {
                        lines[i - first] += "    " + pair;
                    }
                }
            }

            return lines;
        }

        private void Pools()
        {
            if (summary.Pools.Count < 2)
            {
                return;
            }

            to.WriteLine();
            var table = new TextTable(
            [
                new("Pool", 0), new("role", 2, Left: true), new("replicas", 0), new("GPUs each", 3), new("GPU hours", 0), new("$/GPU h", 4), new("cost", 1), new("prompt tokens", 6), new("output tokens", 5),
            ]);
            foreach (var pool in summary.Pools)
            {
                table.Add(
                    Ink.Clean(pool.Name), pool.Role.ToString().ToLowerInvariant(), Human.Number(pool.Replicas, 0), Human.Number(pool.GpusPerReplica, 0), Human.Number(pool.GpuHours),
                    pool.PricePerGpuHour is { } price ? Human.Number(price, 2) : "-", pool.Cost is { } cost ? Human.Number(cost) + " $" : "-", Human.Number(pool.PrefillTokens, 0), Human.Number(pool.OutputTokens, 0));
            }

            table.Render(to, width, ink);
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
                for (var i = 0; i < summary.Replicas.Count; i++)
                {
                    var r = summary.Replicas[i];
                    Row(Human.Number(r.Worker, 0), f => f(r));
                }
            }
            else
            {
                Row("lowest", f => Quantile(f, 0));
                Row("median", f => Quantile(f, 50));
                Row("highest", f => Quantile(f, 100));
            }

            table.Render(to, width, ink);

            double Quantile(Func<ReplicaSummary, double> of, double p)
            {
                var values = new double[summary.Replicas.Count];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = of(summary.Replicas[i]);
                }

                return RequestStatistics.PercentileOfUnsorted(values, p);
            }

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

        private void HandOffs()
        {
            if (summary.HandOffs is not { } handOffs)
            {
                return;
            }

            to.WriteLine();
            var text = $"KV of {Count(handOffs.Requests, "request")} handed over, {Human.Number(handOffs.Bytes / 1e9)} GB"
                + (handOffs.Local > 0 ? $" ({Count(handOffs.Local, "request")} served by decode replicas alone)" : "")
                + $": waiting for memory {Human.Duration(handOffs.MemoryWait.Mean / 1e3)} on average, p95 {Human.Duration(handOffs.MemoryWait.P95 / 1e3)}; transfer that nothing hid {Human.Duration(handOffs.Transfer.Mean / 1e3)}, p95 {Human.Duration(handOffs.Transfer.P95 / 1e3)}.";
            Twin.Results.LinkUse? busiest = null;
            foreach (var link in handOffs.Links)
            {
                if (busiest is not { } most || HandOffSummary.Use(link, summary.SimulatedSeconds) > HandOffSummary.Use(most, summary.SimulatedSeconds))
                {
                    busiest = link;
                }
            }

            Wrap(text + (busiest is { } full ? $" Busiest link: {full.Name}, {Human.Percent(HandOffSummary.Use(full, summary.SimulatedSeconds))} used." : ""), t => t);
        }

        // All replicas together: how full a tier got is the fullest one's.
        private void Tiers()
        {
            var books = summary.Replicas.Select(r => r.Tiers).OfType<TierBook>().ToList();
            if (books.Count == 0)
            {
                return;
            }

            to.WriteLine();
            var table = new TextTable([new("KV tier", 0), new("hit tokens", 0), new("read", 1), new("written", 2), new("evicted", 3), new("peak", 4), new("of", 5), new("reading", 6), new("writing", 6)]);
            foreach (var name in books.SelectMany(b => b.Tiers).Select(t => t.Name).Distinct())
            {
                var tiers = books.SelectMany(b => b.Tiers).Where(t => t.Name == name).ToList();
                table.Add(
                    name,
                    Human.Number(tiers.Sum(t => t.HitTokens), 0),
                    Human.Number(tiers.Sum(t => t.ReadTokens), 0),
                    Human.Number(tiers.Sum(t => t.WrittenTokens), 0),
                    Human.Number(tiers.Sum(t => t.EvictedTokens), 0),
                    Human.Number(tiers.Max(t => t.PeakTokens), 0),
                    tiers[0].CapacityTokens is { } capacity ? Human.Number(capacity, 0) : "no limit",
                    Human.Duration(tiers.Sum(t => t.ReadTime.TotalSeconds)),
                    Human.Duration(tiers.Sum(t => t.WriteTime.TotalSeconds)));
            }

            table.Render(to, width, ink);
            var loads = books.Sum(b => b.Loads);
            Wrap($"KV tiers in tokens. {Count(loads, "load")} to the GPU{(loads > 0 ? $", {Human.Duration(books.Sum(b => b.LoadTime.TotalSeconds) / loads)} each" : "")}; steps were {Human.Duration(books.Sum(b => b.StallTime.TotalSeconds))} longer for KV on its way.", ink.Dim);
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
            return target.Metric.Kind == MetricKind.PerRun ? name : $"{target.Statistic} {name}" + (target.Class is { } own ? " of " + Ink.Clean(own) : "");
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

            return parts.Count <= most ? string.Join(", ", parts) : string.Join(", ", parts.GetRange(0, most)) + ", ...";
        }

        private static string Count(long count, string what) => Human.Number(count, 0) + " " + (count == 1 ? what : what + "s");

        private static string Cut(string text, int width) => text.Length <= width ? text : text[..width];

        private sealed record Item(string Name, string Value);

        private sealed record SloRow(SloVerdict Verdict, string What, string Value, string Bound)
        {
            public string Mark => Verdict == SloVerdict.Met ? "ok" : SummaryJson.NameOf(Verdict);

            public string Text { get; set; } = "";
        }
    }
}
