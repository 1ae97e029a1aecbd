using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Reports.Reproductions;
using Foretoken.Metrics.Summaries;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Reproductions;

/// <summary>Works figures and tables out from the runs' summaries.</summary>
internal sealed class FigureValues(IReadOnlyList<PlannedRun> runs, IReadOnlyList<RunSummary> summaries)
{
    /// <summary>Statistics that a metric of many values has.</summary>
    public static readonly IReadOnlyList<string> Statistics = ["avg", "min", "max", "std", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99_9"];

    /// <summary>A number; NaN where the runs do not have the metric.</summary>
    public FigureResult Figure(FigureSpec figure)
    {
        var ours = figure.Take is "where_max" or "where_min" ? Where(figure) : One(figure);
        return new FigureResult
        {
            Name = figure.Name,
            Metric = figure.Metric.Tag,
            Statistic = figure.Statistic,
            Unit = figure.Unit,
            IsShare = IsShare(figure),
            Ours = ours,
            Published = figure.Published,
            PublishedTo = figure.PublishedTo,
            Within = figure.Within,
        };
    }

    /// <summary>Numbers over one axis (a column) or two.</summary>
    public TableResult Table(FigureSpec table)
    {
        var sweep = runs.First(r => r.Sweep == table.Of.Sweep);
        var stars = Enumerable.Range(0, table.Of.Values.Count).Where(i => table.Of.Values[i] == "*").ToArray();
        var rows = Values(table.Of.Sweep, stars[0]);
        var columns = stars.Length > 1 ? Values(table.Of.Sweep, stars[1]) : [""];
        var cells = new double[rows.Count, columns.Count];
        for (var r = 0; r < rows.Count; r++)
        {
            for (var c = 0; c < columns.Count; c++)
            {
                var of = At(table.Of, rows[r], columns[c]);
                var against = table.Against is null ? (double?)null : At(table.Against, rows[r], columns[c]) is { } other ? Of(table, other) : double.NaN;
                cells[r, c] = of is null ? double.NaN : Compare(table, Of(table, of), against);
            }
        }

        return new TableResult
        {
            Name = table.Name,
            Metric = table.Metric.Tag,
            Statistic = table.Statistic,
            Unit = table.Unit,
            IsShare = IsShare(table),
            Reference = table.Against is null ? null : table.As == "ratio" ? 1 : 0,
            RowAxis = sweep.Axes[stars[0]],
            ColumnAxis = stars.Length > 1 ? sweep.Axes[stars[1]] : "",
            Rows = rows,
            Columns = columns,
            Cells = cells,
        };
    }

    private static bool IsShare(FigureSpec figure) =>
        figure.Take is not ("where_max" or "where_min") && (figure.Against is null || figure.As == "difference" ? figure.Metric.IsShare : figure.As == "change");

    private double One(FigureSpec figure)
    {
        var of = Reduce(figure, figure.Of);
        return Compare(figure, of, figure.Against is null ? null : Reduce(figure, figure.Against));
    }

    private double Reduce(FigureSpec figure, RunReference reference)
    {
        var values = Meant(reference).Select(run => Of(figure, run)).Where(v => !double.IsNaN(v)).ToList();
        return values.Count == 0 ? double.NaN : figure.Take == "min" ? values.Min() : values.Max();
    }

    private double Where(FigureSpec figure)
    {
        var star = Enumerable.Range(0, figure.Of.Values.Count).First(i => figure.Of.Values[i] == "*");
        var best = double.NaN;
        var where = double.NaN;
        foreach (var run in Meant(figure.Of))
        {
            var other = figure.Against is null ? null : At(figure.Against, run.Values[star], "");
            var value = Compare(figure, Of(figure, run), figure.Against is null ? null : other is null ? double.NaN : Of(figure, other));
            if (!double.IsNaN(value) && (double.IsNaN(best) || (figure.Take == "where_max" ? value > best : value < best)))
            {
                best = value;
                where = Number(run.Values[star]);
            }
        }

        return where;
    }

    private static double Compare(FigureSpec figure, double of, double? against) => (figure.As, against) switch
    {
        (_, null) => of * figure.Factor,
        ("difference", { } other) => (of - other) * figure.Factor,
        ("change", { } other) => (of / other) - 1,
        (_, { } other) => of / other,
    };

    // A value of an axis as a number: a duration counts in seconds.
    private static double Number(string value) =>
        UnitTable.Amount.TryRead(value, out var number, out _, "") ? (double)number
        : UnitTable.Duration.TryRead(value, out var nanoseconds, out _, "") ? (double)nanoseconds / 1e9
        : double.NaN;

    private IEnumerable<PlannedRun> Meant(RunReference reference) => runs.Where(reference.Means);

    private PlannedRun? At(RunReference reference, string row, string column)
    {
        var next = 0;
        var wanted = reference with { Values = [.. reference.Values.Select(v => v != "*" ? v : next++ == 0 ? row : column)] };
        return runs.FirstOrDefault(wanted.Means);
    }

    private List<string> Values(string sweep, int axis) => [.. runs.Where(r => r.Sweep == sweep).Select(r => r.Values[axis]).Distinct()];

    private double Of(FigureSpec figure, PlannedRun run)
    {
        var index = Enumerable.Range(0, runs.Count).First(i => ReferenceEquals(runs[i], run));
        var summary = summaries[index];
        if (figure.Metric.Kind == MetricKind.PerRun)
        {
            return summary.ValueOf(figure.Metric) ?? double.NaN;
        }

        return summary.DistributionOf(figure.Metric) is not { } values ? double.NaN : figure.Statistic switch
        {
            "avg" => values.Mean,
            "min" => values.Minimum,
            "max" => values.Maximum,
            "std" => values.StandardDeviation,
            var p => values.At(double.Parse(p[1..].Replace('_', '.'), CultureInfo.InvariantCulture)),
        };
    }
}
