using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Files;

/// <summary>Reads the typed fields of a table's rows and notes every one that cannot be read.</summary>
internal sealed class RowReader(CsvTable table, List<Problem> problems)
{
    private CsvRow _row = table.Rows.Count > 0 ? table.Rows[0] : new CsvRow(0, [], []);

    /// <summary>Goes to a row.</summary>
    public void At(CsvRow row) => _row = row;

    /// <summary>Any text; empty only where allowed.</summary>
    public string Text(string column, bool mayBeEmpty = false)
    {
        var text = Field(column);
        if (text.Length == 0 && !mayBeEmpty)
        {
            Add(column, "is empty", "a name");
        }

        return text;
    }

    /// <summary>One of a few words.</summary>
    public string Choice(string column, params string[] choices)
    {
        var text = Field(column);
        if (!choices.Contains(text))
        {
            Add(column, $"is '{text}'", "one of " + string.Join(", ", choices));
        }

        return text;
    }

    /// <summary>A whole number.</summary>
    public int Whole(string column, int min, int max = int.MaxValue)
    {
        var text = Field(column);
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            Add(column, $"'{text}' is not a whole number", string.Create(CultureInfo.InvariantCulture, $"a whole number of at least {min}"));
            return min;
        }

        if (value < min || value > max)
        {
            Add(column, $"{text} is out of range", string.Create(CultureInfo.InvariantCulture, $"{min} to {max}"));
            return min;
        }

        return (int)value;
    }

    /// <summary>A number above <paramref name="above"/>.</summary>
    public double Number(string column, double above = 0, double max = 1e15)
    {
        var text = Field(column);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            Add(column, $"'{text}' is not a number", string.Create(CultureInfo.InvariantCulture, $"a number above {above}"));
            return 1;
        }

        if (value <= above || value > max)
        {
            Add(column, $"{text} is out of range", string.Create(CultureInfo.InvariantCulture, $"above {above}, at most {max}"));
            return 1;
        }

        return value;
    }

    /// <summary>true or false.</summary>
    public bool Switch(string column) => Choice(column, "true", "false", "True", "False") is "true" or "True";

    private string Field(string column) => _row.Fields[table.Column(column)];

    private void Add(string column, string message, string fix) => problems.Add(new(table.Place(_row, table.Column(column)), $"{column} {message}", fix));
}
