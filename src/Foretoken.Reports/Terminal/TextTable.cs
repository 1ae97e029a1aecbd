namespace Foretoken.Reports.Terminal;

/// <summary>
/// A table that always fits: the first column is a left-aligned label, the others are right-aligned numbers, and columns of
/// least importance are left out until the rest fits the width. Plain loops: what LINQ would instantiate here is compiled at
/// every start of the program.
/// </summary>
internal sealed class TextTable(TextTable.Column[] columns)
{
    private const int Gap = 2;

    private readonly List<string[]> _rows = [];

    /// <param name="Title">Heading.</param>
    /// <param name="Importance">Lower ones stay longer; 0 always stays.</param>
    /// <param name="Left">Left-aligned instead of right-aligned.</param>
    public sealed record Column(string Title, int Importance, bool Left = false);

    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>How many columns would be shown at this width.</summary>
    public int Shown(int width)
    {
        var shown = 0;
        foreach (var columnWidth in Fit(width))
        {
            shown += columnWidth > 0 ? 1 : 0;
        }

        return shown;
    }

    /// <summary>Whether a column would be shown at this width.</summary>
    public bool Shows(int column, int width) => Fit(width)[column] > 0;

    public void Render(TextWriter to, int width, Ink ink, string indent = "")
    {
        var widths = Fit(width - indent.Length);
        var titles = new string[columns.Length];
        for (var i = 0; i < titles.Length; i++)
        {
            titles[i] = columns[i].Title;
        }

        to.WriteLine(ink.Bold(indent + Line(titles, widths)));
        foreach (var row in _rows)
        {
            to.WriteLine(indent + Line(row, widths));
        }
    }

    private string Line(string[] cells, int[] widths)
    {
        var line = "";
        for (var i = 0; i < widths.Length; i++)
        {
            if (widths[i] == 0)
            {
                continue;
            }

            var text = cells[i].Length > widths[i] ? cells[i][..widths[i]] : cells[i];
            line += (i == 0 ? "" : new string(' ', Gap)) + (i == 0 || columns[i].Left ? text.PadRight(widths[i]) : text.PadLeft(widths[i]));
        }

        return line.TrimEnd();
    }

    /// <summary>Width of each column; 0 for those left out.</summary>
    private int[] Fit(int width)
    {
        var widths = new int[columns.Length];
        var total = -Gap;
        for (var i = 0; i < widths.Length; i++)
        {
            widths[i] = columns[i].Title.Length;
            foreach (var row in _rows)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }

            total += widths[i] + Gap;
        }

        while (total > width)
        {
            var least = 0;
            for (var i = 1; i < widths.Length; i++)
            {
                if (widths[i] > 0 && columns[i].Importance > columns[least].Importance)
                {
                    least = i;
                }
            }

            if (columns[least].Importance == 0)
            {
                widths[0] = Math.Max(Math.Min(8, widths[0]), widths[0] - (total - width));
                break;
            }

            total -= widths[least] + Gap;
            widths[least] = 0;
        }

        return widths;
    }
}
