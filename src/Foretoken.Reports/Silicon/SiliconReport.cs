using System.Globalization;
using Foretoken.Accuracy.Silicon;
using Foretoken.Accuracy.Statistics;
using Foretoken.Quantities;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Silicon;

/// <summary>The errors of predictions against measurements as text.</summary>
public static class SiliconReport
{
    private const int Worst = 10;
    private const int Named = 3;

    /// <summary>Writes the tables about closed-loop points, and the summary as the last line.</summary>
    /// <param name="outcomes">Every row.</param>
    /// <param name="to">Where to.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static void Write(IReadOnlyList<SiliconOutcome> outcomes, TextWriter to, int width)
    {
        var run = outcomes.Where(o => o.Prediction is not null).ToList();
        to.WriteLine(Text($"{outcomes.Count} rows, {run.Count} simulated. Errors are percent of the measured value; bias is the mean signed error (above 0: predicted too slow)."));
        Group("By source", o => o.Row.Source);
        Group("By system", o => o.Row.System);
        Group("By backend", o => o.Row.Backend);
        Group("By system and backend", o => $"{o.Row.System} {o.Row.Backend}");
        Group("By model and precision", o => o.Row.Precision.Length == 0 ? o.Row.Model : $"{o.Row.Model} {o.Row.Precision}");
        Group("By load", o => LoadClass.Of(o.Row), LoadClass.Rank);
        Group("By cause of the time per output token", o => o.Prediction!.TpotCause.Words());
        Group("By cause of the time to first token", o => o.Prediction!.TtftCause.Words());
        WorstRows("Worst times per output token", o => o.TpotError, o => (o.Row.TpotMs, o.Prediction!.TpotMs, o.Prediction.TpotCause));
        WorstRows("Worst times to first token", o => o.TtftError, o => (o.Row.TtftMs, o.Prediction!.TtftMs, o.Prediction.TtftCause));
        Noise(NoiseFloor.Of(outcomes.Select(o => o.Row)), to);
        NotRun(outcomes.Where(o => o.Prediction is null).Select(o => (o.Row.Id, o.Problems)).ToList(), to);
        to.WriteLine();
        to.WriteLine(LastLine(ErrorStatistics.Of(run.Select(o => o.TpotError)), ErrorStatistics.Of(run.Select(o => o.TtftError))));

        void Group(string title, Func<SiliconOutcome, string> key, Func<string, int>? rank = null)
        {
            var table = Table(title);
            foreach (var group in run.GroupBy(key).OrderBy(g => rank?.Invoke(g.Key) ?? 0).ThenBy(g => g.Key, StringComparer.Ordinal))
            {
                Add(table, group.Key, ErrorStatistics.Of(group.Select(o => o.TpotError)), ErrorStatistics.Of(group.Select(o => o.TtftError)));
            }

            to.WriteLine();
            table.Render(to, width, default);
        }

        void WorstRows(string title, Func<SiliconOutcome, double> error, Func<SiliconOutcome, (double Measured, double Predicted, Cause Cause)> values)
        {
            var table = new TextTable([new(title, 0), new("in/out", 3), new("load", 2), new("measured", 0), new("predicted", 0), new("error", 0), new("the twin's reason", 1, Left: true)]);
            foreach (var o in run.OrderByDescending(o => Math.Abs(error(o))).ThenBy(o => o.Row.Id, StringComparer.Ordinal).Take(Worst))
            {
                var (measured, predicted, cause) = values(o);
                table.Add(o.Row.Id, Text($"{o.Row.Isl}/{o.Row.Osl}"), Text($"{o.Row.Concurrency}"), Text($"{measured:0.0} ms"), Text($"{predicted:0.0} ms"), Text($"{error(o):+0.0;-0.0;0.0}%"), cause.Words());
            }

            to.WriteLine();
            table.Render(to, width, default);
        }
    }

    /// <summary>Writes the tables about load stages, and the summary as the last line.</summary>
    /// <param name="outcomes">Every stage.</param>
    /// <param name="to">Where to.</param>
    /// <param name="width">Columns of the terminal.</param>
    public static void Write(IReadOnlyList<LoadStageOutcome> outcomes, TextWriter to, int width)
    {
        var run = outcomes.Where(o => o.Prediction is not null).ToList();
        to.WriteLine(Text($"{outcomes.Count} stages, {run.Count} simulated. A stage is beyond the knee where less than 95 % of the requests asked for per second were answered."));
        foreach (var variant in run.GroupBy(o => o.Row.Variant))
        {
            var table = new TextTable([new(variant.Key, 0), new("asked", 1), new("answered", 0), new("predicted", 0), new("TTFT", 0), new("predicted", 0), new("error", 0), new("TPOT", 0), new("predicted", 0), new("error", 0), new("reason", 2, Left: true)]);
            foreach (var o in variant)
            {
                var (row, p) = (o.Row, o.Prediction!);
                table.Add(Text($"stage {row.Stage}"), Text($"{row.RequestedRps:0.0}/s"), Text($"{row.ServedRps:0.0}/s"), Text($"{p.RequestsPerSecond:0.0}/s"), Text($"{row.TtftMs:0.0}"), Text($"{p.TtftMs:0.0}"), Text($"{o.TtftError:+0.0;-0.0;0.0}%"), Text($"{row.TpotMs:0.00}"), Text($"{p.TpotMs:0.00}"), Text($"{o.TpotError:+0.0;-0.0;0.0}%"), p.TtftCause.Words());
            }

            to.WriteLine();
            table.Render(to, width, default);
        }

        to.WriteLine();
        foreach (var line in LoadStageSummary.Lines(run))
        {
            to.WriteLine(line);
        }

        NotRun(outcomes.Where(o => o.Prediction is null).Select(o => (Text($"{o.Row.Variant} stage {o.Row.Stage}"), o.Problems)).ToList(), to);
        to.WriteLine();
        to.WriteLine(LastLine(ErrorStatistics.Of(run.Select(o => o.TpotError)), ErrorStatistics.Of(run.Select(o => o.TtftError))));
    }

    /// <summary>The line that tools read.</summary>
    public static string LastLine(ErrorStatistics tpot, ErrorStatistics ttft) => Text($"rows {tpot.Count} | tpot {Line(tpot)} | ttft {Line(ttft)}");

    private static string Line(ErrorStatistics e) => e.Count == 0 ? "none" : Text($"median {e.Median:0.0}% mean {e.Mean:0.0}% p90 {e.P90:0.0}% bias {e.Bias:0.0}%");

    private static TextTable Table(string title) => new(
    [
        new(title, 0), new("n", 0), new("TPOT median", 0), new("mean", 1), new("p90", 0), new("bias", 1), new("TTFT median", 0), new("mean", 1), new("p90", 0), new("bias", 1),
    ]);

    private static void Add(TextTable table, string name, ErrorStatistics tpot, ErrorStatistics ttft) => table.Add(
        name, Text($"{tpot.Count}"),
        Percent(tpot.Median), Percent(tpot.Mean), Percent(tpot.P90), Text($"{tpot.Bias:+0.0;-0.0;0.0}"),
        Percent(ttft.Median), Percent(ttft.Mean), Percent(ttft.P90), Text($"{ttft.Bias:+0.0;-0.0;0.0}"));

    private static void Noise(NoiseFloor noise, TextWriter to)
    {
        to.WriteLine();
        to.WriteLine(noise.Pairs == 0
            ? "No row is measured twice: the file does not say how well it repeats."
            : Text($"Measured twice: {noise.Pairs} pairs of rows with one configuration, which differ by {noise.Tpot.Median:0.0} % (median) and {noise.Tpot.P90:0.0} % (p90) in TPOT, {noise.Ttft.Median:0.0} % and {noise.Ttft.P90:0.0} % in TTFT."));
    }

    private static void NotRun(List<(string Name, IReadOnlyList<Problem> Problems)> rows, TextWriter to)
    {
        if (rows.Count == 0)
        {
            return;
        }

        to.WriteLine();
        to.WriteLine(Text($"Not simulated, and in no figure above or below: {rows.Count} rows."));
        foreach (var reason in rows.GroupBy(r => string.Join("; ", r.Problems.Select(p => p.Message))).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal))
        {
            var names = reason.Select(r => r.Name).ToList();
            var more = names.Count > Named ? Text($" and {names.Count - Named} more") : "";
            to.WriteLine(Text($"  {names.Count} because {reason.Key}: {string.Join(", ", names.Take(Named))}{more}"));
        }
    }

    private static string Percent(double value) => Text($"{value:0.0}%");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
