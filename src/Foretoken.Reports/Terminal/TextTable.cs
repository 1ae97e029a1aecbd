namespace Foretoken.Reports.Terminal;

/// <summary>
/// A table that always fits: the first column is a left-aligned label, the others are right-aligned numbers, and columns of
/// least importance are left out until the rest fits the width.
/// </summary>
internal sealed class TextTable(IReadOnlyList<TextTable.Column> columns)
{
    private const int Gap = 2;

    private readonly List<string[]> _rows = [];

    /// <param name="Title">Heading.</param>
    /// <param name="Importance">Lower ones stay longer; 0 always stays.</param>
    /// <param name="Left">Left-aligned instead of right-aligned.</param>
    public readonly record struct Column(string Title, int Importance, bool Left = false);

    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>How many columns would be shown at this width.</summary>
    public int Shown(int width) => Choose(width).Count;

    public void Render(TextWriter to, int width, Ink ink, string indent = "")
    {
        var shown = Choose(width - indent.Length);
        var widths = shown.Select(WidthOf).ToArray();
        widths[0] = Math.Min(widths[0], Math.Max(8, width - indent.Length - widths.Skip(1).Sum(w => w + Gap)));
        to.WriteLine(ink.Bold(indent + Line(i => columns[shown[i]].Title)));
        foreach (var row in _rows)
        {
            to.WriteLine(indent + Line(i => row[shown[i]]));
        }

        string Line(Func<int, string> cell)
        {
            var parts = new string[shown.Count];
            for (var i = 0; i < parts.Length; i++)
            {
                var text = cell(i);
                text = text.Length > widths[i] ? text[..widths[i]] : text;
                parts[i] = i == 0 || columns[shown[i]].Left ? text.PadRight(widths[i]) : text.PadLeft(widths[i]);
            }

            return string.Join(new string(' ', Gap), parts).TrimEnd();
        }
    }

    private List<int> Choose(int width)
    {
        var shown = Enumerable.Range(0, columns.Count).ToList();
        while (shown.Count > 1 && shown.Sum(i => WidthOf(i) + Gap) - Gap > width)
        {
            var least = shown.MaxBy(i => columns[i].Importance);
            if (columns[least].Importance == 0)
            {
                break;
            }

            shown.Remove(least);
        }

        return shown;
    }

    private int WidthOf(int column)
    {
        var width = columns[column].Title.Length;
        foreach (var row in _rows)
        {
            width = Math.Max(width, row[column].Length);
        }

        return width;
    }
}
