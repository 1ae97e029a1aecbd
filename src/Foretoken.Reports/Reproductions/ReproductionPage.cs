using System.Globalization;
using System.Net;
using System.Text;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Reproductions;

/// <summary>Reproductions as one HTML page that needs nothing else: texts, figures, and every table as a chart. No script.</summary>
public static class ReproductionPage
{
    private const string Style = """
        :root { color-scheme: light dark; --text: light-dark(#1c2330, #e6e9ef); --quiet: light-dark(#5d6778, #98a2b3); --line: light-dark(#d9dee7, #323a48); --card: light-dark(#fff, #161b24); --page: light-dark(#f4f6f9, #0d1117); --good: light-dark(#157347, #4cc38a); --bad: light-dark(#b42318, #ff8f80);
          --c0: light-dark(#2563eb, #6ea8fe); --c1: light-dark(#c2570c, #fd9a57); --c2: light-dark(#157347, #4cc38a); --c3: light-dark(#7c3aed, #b794f6); --c4: light-dark(#be185d, #f687b3); --c5: light-dark(#0e7490, #67d4e8); --c6: light-dark(#854d0e, #e2b457); --c7: light-dark(#475569, #a8b3c4); }
        body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
        article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.25rem; margin: 1rem 0; }
        h2 { margin: 0 0 .25rem; font-size: 1.2rem; } h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; } .quiet { color: var(--quiet); } p { margin: .35rem 0; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; } th, td { text-align: right; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); } th:first-child, td:first-child { text-align: left; }
        .ok { color: var(--good); } .differs { color: var(--bad); }
        svg { width: 100%; height: auto; max-width: 45rem; } svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; } svg .grid { stroke: var(--line); } svg .even { stroke: var(--text); stroke-dasharray: 5 4; } polyline { fill: none; stroke-width: 2; stroke: currentColor; stroke-linejoin: round; } circle { fill: currentColor; }
        .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
        """;

    /// <summary>Writes the page as UTF-8. Equal results give equal bytes.</summary>
    public static void Write(IReadOnlyList<ReproductionResult> results, Stream to)
    {
        using var html = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        html.Write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Foretoken: published findings, played again</title>\n<style>\n");
        html.Write(Style);
        html.Write("\n</style>\n</head>\n<body>\n<h1>Published findings, played again</h1>\n");
        foreach (var result in results)
        {
            Write(html, result);
        }

        html.Write("</body>\n</html>\n");
    }

    private static void Write(StreamWriter html, ReproductionResult result)
    {
        html.Write($"<article id=\"{Escape(result.Name)}\">\n<h2>{Escape(result.Title)}</h2>\n<p class=\"quiet\">{Escape(result.Name)} · {Escape(result.Source)}</p>\n<p><b>Claim.</b> {Escape(result.Claim)}</p>\n<p><b>Conditions.</b> {Escape(result.Conditions)}</p>\n");
        html.Write("<div class=\"scroll\"><table>\n<tr><th>Figure</th><th>published</th><th>ours</th><th>difference</th><th></th></tr>\n");
        foreach (var figure in result.Figures)
        {
            var asked = figure.Agrees is { } agrees ? $"<td class=\"{(agrees ? "ok" : "differs")}\">{Escape(ReproductionReport.Asked(figure))}</td>" : "<td></td>";
            html.Write($"<tr><td>{Escape(figure.Name)}</td><td>{Escape(ReproductionReport.Published(figure))}</td><td>{Escape(ReproductionReport.Text(figure.Ours, figure.IsShare, figure.Unit))}</td><td>{Escape(ReproductionReport.Difference(figure))}</td>{asked}</tr>\n");
        }

        html.Write("</table></div>\n");
        foreach (var table in result.Tables)
        {
            Write(html, table);
        }

        html.Write($"<p><b>An honest word.</b> {Escape(result.Word)}</p>\n</article>\n");
    }

    private static void Write(StreamWriter html, TableResult table)
    {
        var unit = table.IsShare ? " [%]" : table.Unit.Length > 0 ? $" [{table.Unit}]" : "";
        html.Write($"<h3>{Escape(table.Name + unit)}</h3>\n");
        html.Write(LineChart.Draw(table));
        html.Write($"<div class=\"scroll\"><table>\n<tr><th>{Escape(table.ColumnAxis.Length > 0 ? $"{table.RowAxis} \\ {table.ColumnAxis}" : table.RowAxis)}</th>{string.Concat(table.Columns.Select(c => $"<th>{Escape(c.Length > 0 ? c : "ours")}</th>"))}</tr>\n");
        for (var r = 0; r < table.Rows.Count; r++)
        {
            html.Write($"<tr><td>{Escape(table.Rows[r])}</td>");
            for (var c = 0; c < table.Columns.Count; c++)
            {
                var cell = table.Cells[r, c];
                html.Write(string.Create(CultureInfo.InvariantCulture, $"<td>{(double.IsFinite(cell) ? Human.Number(cell * (table.IsShare ? 100 : 1)) : "-")}</td>"));
            }

            html.Write("</tr>\n");
        }

        html.Write("</table></div>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
