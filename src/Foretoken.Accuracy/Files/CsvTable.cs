using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Files;

/// <summary>A CSV file with a header, every field with its place. Fields may be quoted; a doubled quote stands for one.</summary>
public sealed class CsvTable
{
    private readonly string _file;

    private CsvTable(string file, IReadOnlyList<string> header, IReadOnlyList<CsvRow> rows)
    {
        _file = file;
        Header = header;
        Rows = rows;
    }

    /// <summary>Column names.</summary>
    public IReadOnlyList<string> Header { get; }

    /// <summary>Rows under the header.</summary>
    public IReadOnlyList<CsvRow> Rows { get; }

    /// <summary>Number of a column, or -1.</summary>
    public int Column(string name)
    {
        for (var i = 0; i < Header.Count; i++)
        {
            if (Header[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Reads a table.</summary>
    /// <param name="file">Name for messages.</param>
    /// <param name="text">The file.</param>
    /// <exception cref="InputException">It is no table; every line that does not fit.</exception>
    public static CsvTable Read(string file, TextReader text)
    {
        var problems = new List<Problem>();
        IReadOnlyList<string>? header = null;
        var rows = new List<CsvRow>();
        for (var number = 1; text.ReadLine() is { } line; number++)
        {
            if (number == 1)
            {
                line = line.TrimStart('\uFEFF');
            }

            if (line.Length == 0)
            {
                continue;
            }

            var row = Split(file, number, line, problems);
            if (header is null)
            {
                header = [.. row.Fields];
                foreach (var twice in header.GroupBy(n => n).Where(g => g.Count() > 1))
                {
                    problems.Add(new($"{file}:{number}", $"names the column '{twice.Key}' twice", "keep one of them"));
                }
            }
            else if (row.Fields.Count != header.Count)
            {
                problems.Add(new(
                    $"{file}:{number}",
                    string.Create(CultureInfo.InvariantCulture, $"has {row.Fields.Count} fields, the header has {header.Count}"),
                    row.Fields.Count < header.Count ? "add what is missing; an empty field still needs its comma" : "quote fields that contain a comma"));
            }
            else
            {
                rows.Add(row);
            }
        }

        if (header is null)
        {
            problems.Add(new(file, "is empty", "a header line and at least one row"));
        }

        return problems.Count == 0 ? new CsvTable(file, header!, rows) : throw new InputException(problems);
    }

    /// <summary>Where a field of a row stands: file, line, column of text.</summary>
    public string Place(CsvRow row, int column) => string.Create(CultureInfo.InvariantCulture, $"{_file}:{row.Line}:{row.Starts[column]}");

    private static CsvRow Split(string file, int number, string line, List<Problem> problems)
    {
        var fields = new List<string>();
        var starts = new List<int>();
        var at = 0;
        while (true)
        {
            starts.Add(at + 1);
            if (at < line.Length && line[at] == '"')
            {
                at = Quoted(file, number, line, at, fields, problems);
            }
            else
            {
                var comma = line.IndexOf(',', at);
                var end = comma < 0 ? line.Length : comma;
                fields.Add(line[at..end].Trim());
                at = end;
            }

            if (at >= line.Length)
            {
                return new CsvRow(number, fields, starts);
            }

            at++;
        }
    }

    // Returns the place of the comma behind the field, or the end of the line.
    private static int Quoted(string file, int number, string line, int open, List<string> fields, List<Problem> problems)
    {
        var text = new System.Text.StringBuilder();
        var at = open + 1;
        while (at < line.Length)
        {
            if (line[at] != '"')
            {
                text.Append(line[at++]);
            }
            else if (at + 1 < line.Length && line[at + 1] == '"')
            {
                text.Append('"');
                at += 2;
            }
            else
            {
                at++;
                break;
            }
        }

        fields.Add(text.ToString());
        if (line[at - 1] != '"' || at == open + 1 || (at < line.Length && line[at] != ','))
        {
            problems.Add(new(string.Create(CultureInfo.InvariantCulture, $"{file}:{number}:{open + 1}"), "has a quote that does not end its field", "close it before the comma; a quote inside is written twice"));
            return line.Length;
        }

        return at;
    }
}

/// <summary>A row of a <see cref="CsvTable"/>.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Fields">Its fields, quotes removed.</param>
/// <param name="Starts">Where each begins in the line, from 1.</param>
public sealed record CsvRow(int Line, IReadOnlyList<string> Fields, IReadOnlyList<int> Starts);
