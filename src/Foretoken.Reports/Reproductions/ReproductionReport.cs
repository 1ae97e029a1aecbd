using System.Globalization;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Reproductions;

/// <summary>Reproductions on a terminal: the published numbers beside ours, and how far apart they are.</summary>
public static class ReproductionReport
{
    /// <summary>Writes them one after the other; no line is longer than <paramref name="width"/> (at least 40).</summary>
    public static void Write(IReadOnlyList<ReproductionResult> results, TextWriter to, int width, bool colour = false)
    {
        var page = new Page(to, Math.Max(TerminalReport.WidthMin, width), new Ink(colour));
        foreach (var result in results)
        {
            page.Write(result);
        }
    }

    /// <summary>A number as the table prints it.</summary>
    internal static string Text(double value, bool isShare, string unit)
    {
        if (!double.IsFinite(value))
        {
            return "none";
        }

        return isShare ? Human.Percent(value) : (Human.Number(value) + " " + unit).TrimEnd();
    }

    /// <summary>The source's number or range.</summary>
    internal static string Published(FigureResult figure) => figure.Published is not { } low ? "-"
        : figure.PublishedTo is { } high ? $"{Text(low, figure.IsShare, "")} to {Text(high, figure.IsShare, figure.Unit)}"
        : Text(low, figure.IsShare, figure.Unit);

    /// <summary>How far ours is from it.</summary>
    internal static string Difference(FigureResult figure)
    {
        if (figure.Difference is not { } difference)
        {
            return figure.Published is null ? "" : "none";
        }

        return (difference * 100).ToString("+0.0;-0.0;0", CultureInfo.InvariantCulture) + (figure.IsShare ? " points" : " %");
    }

    /// <summary>Whether that is as near as asked.</summary>
    internal static string Asked(FigureResult figure) => figure.Within is not { } within || figure.Published is null ? ""
        : (figure.Agrees == true ? "ok" : "differs") + string.Create(CultureInfo.InvariantCulture, $" ({within * 100:0.#}{(figure.IsShare ? " points" : " %")})");

    private sealed class Page(TextWriter to, int width, Ink ink)
    {
        public void Write(ReproductionResult result)
        {
            to.Write('\n');
            Wrap(ink.Bold, $"{Ink.Clean(result.Name)} | {Ink.Clean(result.Title)}", "");
            Wrap(ink.Dim, "Source: " + Ink.Clean(result.Source), "  ");
            Wrap(t => t, "Claim: " + Ink.Clean(result.Claim), "  ");
            Wrap(t => t, "Conditions: " + Ink.Clean(result.Conditions), "  ");
            to.Write('\n');
            Figures(result.Figures);
            foreach (var table in result.Tables)
            {
                Table(table);
            }

            to.Write('\n');
            Verdict(result);
            Wrap(t => t, "An honest word: " + Ink.Clean(result.Word), "  ");
        }

        private void Figures(IReadOnlyList<FigureResult> figures)
        {
            var table = new TextTable([new("Figure", 0), new("published", 0), new("ours", 0), new("difference", 0), new("asked", 1)]);
            foreach (var figure in figures)
            {
                table.Add(Ink.Clean(figure.Name), Published(figure), Text(figure.Ours, figure.IsShare, figure.Unit), Difference(figure), Asked(figure));
            }

            Render(table);
        }

        private void Table(TableResult result)
        {
            to.Write('\n');
            var unit = result.IsShare ? "%" : result.Unit;
            Wrap(ink.Bold, Ink.Clean(result.Name) + (unit.Length > 0 ? $" [{unit}]" : ""), "  ");
            var columns = new List<TextTable.Column> { new(result.ColumnAxis.Length > 0 ? $"{result.RowAxis} \\ {result.ColumnAxis}" : result.RowAxis, 0) };
            columns.AddRange(result.Columns.Select((c, i) => new TextTable.Column(c.Length > 0 ? c : "ours", i + 1)));
            var table = new TextTable([.. columns]);
            for (var r = 0; r < result.Rows.Count; r++)
            {
                var row = r;
                table.Add([result.Rows[r], .. result.Columns.Select((_, c) => double.IsFinite(result.Cells[row, c]) ? Human.Number(result.Cells[row, c] * (result.IsShare ? 100 : 1)) : "-")]);
            }

            Render(table);
        }

        private void Verdict(ReproductionResult result)
        {
            var compared = result.Figures.Where(f => f.Published is not null).ToList();
            var judged = compared.Where(f => f.Within is not null).ToList();
            var agreeing = judged.Count(f => f.Agrees == true);
            if (judged.Count > 0)
            {
                var text = $"{agreeing} of {judged.Count} figures are as near as asked.";
                Wrap(agreeing == judged.Count ? ink.Good : ink.Warn, agreeing == judged.Count ? text : text + " The rest differ: " + string.Join("; ", judged.Where(f => f.Agrees != true).Select(f => $"{Ink.Clean(f.Name)} ({Difference(f)})")) + ".", "  ");
            }
            else if (compared.Count > 0)
            {
                Wrap(t => t, $"{compared.Count} figures compared; how near is near enough is not asked of them.", "  ");
            }

            if (result.Runs.Where(r => r.Partial).Select(r => r.Name).ToList() is { Count: > 0 } partial)
            {
                Wrap(ink.Warn, "Cut off by their time limit: " + string.Join(", ", partial) + ".", "  ");
            }
        }

        private void Render(TextTable table)
        {
            var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
            table.Render(text, width, ink, "  ");
            to.Write(text.ToString());
        }

        private void Wrap(Func<string, string> mark, string text, string indent)
        {
            var line = "";
            foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && indent.Length + line.Length + 1 + word.Length > width)
                {
                    to.Write(mark(indent + line) + "\n");
                    line = "";
                }

                line = line.Length == 0 ? word : line + " " + word;
            }

            to.Write(mark(indent + line) + "\n");
        }
    }
}
