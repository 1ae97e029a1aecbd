using System.Globalization;
using System.Net;
using System.Text;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Reproductions;

/// <summary>A table as a drawing: the rows' axis from left to right, a line per column. Plain SVG, no script.</summary>
internal static class LineChart
{
    private const double Width = 720;
    private const double Height = 320;
    private const double Left = 64;
    private const double Right = 150;
    private const double Top = 14;
    private const double Bottom = 44;
    private const int Colours = 8;

    // Above this ratio of highest to lowest an axis is logarithmic.
    private const double LogarithmicFrom = 20;

    /// <summary>The drawing; empty when there is nothing to draw.</summary>
    public static string Draw(TableResult table)
    {
        var cells = Enumerable.Range(0, table.Rows.Count).SelectMany(r => Enumerable.Range(0, table.Columns.Count).Select(c => table.Cells[r, c])).Where(double.IsFinite).ToList();
        if (cells.Count == 0 || table.Rows.Count < 2)
        {
            return "";
        }

        if (table.Reference is { } reference)
        {
            cells.Add(reference);
        }

        var x = Rows(table.Rows);
        var y = Scale.Of(cells, log: cells.Min() > 0 && cells.Max() / cells.Min() > LogarithmicFrom);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Escape(table.Name)}\">\n");
        Grid(svg, table, x, y);
        if (table.Reference is { } line)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"even\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y, line):0.#}\" y2=\"{Y(y, line):0.#}\"/>\n");
        }

        Lines(svg, table, x, y);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Grid(StringBuilder svg, TableResult table, Scale x, Scale y)
    {
        foreach (var tick in y.Ticks())
        {
            var at = Y(y, tick);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{at:0.#}\" y2=\"{at:0.#}\"/><text class=\"tick\" x=\"{Left - 8}\" y=\"{at + 4:0.#}\" text-anchor=\"end\">{Escape(table.IsShare ? Human.Number(tick * 100) + " %" : Human.Number(tick))}</text>\n");
        }

        var last = double.NegativeInfinity;
        for (var r = 0; r < table.Rows.Count; r++)
        {
            var at = X(x, x.Values[r]);
            if (at - last < 7.0 * table.Rows[r].Length + 6)
            {
                continue; // It would lie on the one before.
            }

            last = at;
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{at:0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Escape(table.Rows[r])}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Escape(table.RowAxis)}</text>\n");
    }

    private static void Lines(StringBuilder svg, TableResult table, Scale x, Scale y)
    {
        for (var c = 0; c < table.Columns.Count; c++)
        {
            var points = new StringBuilder();
            var dots = new StringBuilder();
            for (var r = 0; r < table.Rows.Count; r++)
            {
                if (double.IsFinite(table.Cells[r, c]))
                {
                    var at = string.Create(CultureInfo.InvariantCulture, $"{X(x, x.Values[r]):0.#},{Y(y, table.Cells[r, c]):0.#}");
                    points.Append(points.Length > 0 ? " " : "").Append(at);
                    var (cx, cy) = (at[..at.IndexOf(',', StringComparison.Ordinal)], at[(at.IndexOf(',', StringComparison.Ordinal) + 1)..]);
                    dots.Append($"<circle cx=\"{cx}\" cy=\"{cy}\" r=\"3\"/>");
                }
            }

            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"c{c % Colours}\"><polyline points=\"{points}\"/>{dots}");
            if (table.Columns.Count > 1)
            {
                var row = Top + 14 + c * 18;
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Width - Right + 16}\" cy=\"{row - 4}\" r=\"4\"/><text class=\"name\" x=\"{Width - Right + 26}\" y=\"{row}\">{Escape($"{table.ColumnAxis} {table.Columns[c]}")}</text>");
            }

            svg.Append("</g>\n");
        }
    }

    // Numbers stand where they are, names side by side.
    private static Scale Rows(IReadOnlyList<string> rows)
    {
        var numbers = rows.Select(r => double.TryParse(r, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : double.NaN).ToList();
        return numbers.TrueForAll(double.IsFinite) && numbers.Distinct().Count() == numbers.Count
            ? Scale.Of(numbers, log: numbers.Min() > 0 && numbers.Max() / numbers.Min() >= 8, fromZero: false)
            : Scale.Of([.. Enumerable.Range(0, rows.Count).Select(i => (double)i)], log: false, fromZero: false);
    }

    private static double X(Scale scale, double value) => Left + 10 + scale.Part(value) * (Width - Right - Left - 20);

    private static double Y(Scale scale, double value) => Height - Bottom - scale.Part(value) * (Height - Bottom - Top);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private sealed record Scale(IReadOnlyList<double> Values, double Low, double High, bool Log)
    {
        public static Scale Of(IReadOnlyList<double> values, bool log, bool fromZero = true)
        {
            var (low, high) = (values.Min(), values.Max());
            if (fromZero && !log)
            {
                (low, high) = (Math.Min(0, low), Math.Max(0, high));
            }

            return new Scale(values, low, high > low ? high : low + 1, log);
        }

        public double Part(double value) => Log ? (Math.Log(value) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low)) : (value - Low) / (High - Low);

        /// <summary>Round numbers within the range: 1, 2 or 5 times a power of ten.</summary>
        public IEnumerable<double> Ticks()
        {
            if (Log)
            {
                for (var power = Math.Floor(Math.Log10(Low)); power <= Math.Ceiling(Math.Log10(High)); power++)
                {
                    foreach (var digit in new[] { 1, 2, 5 })
                    {
                        var tick = digit * Math.Pow(10, power);
                        if (tick >= Low && tick <= High)
                        {
                            yield return tick;
                        }
                    }
                }

                yield break;
            }

            var raw = (High - Low) / 5;
            var unit = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            var step = new[] { 1.0, 2, 5, 10 }.First(s => s * unit >= raw) * unit;
            for (var i = (long)Math.Ceiling(Low / step); i * step <= High * (1 + 1e-12); i++)
            {
                yield return i * step;
            }
        }
    }
}
