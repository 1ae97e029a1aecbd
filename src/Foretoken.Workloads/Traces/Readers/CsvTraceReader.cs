using System.Text;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>Comma-separated files with a header line: columns are found by name, in any order, others are passed over.</summary>
internal abstract class CsvTraceReader : RecordTraceReader
{
    private const int MostColumns = 256;
    private readonly RecordScanner _scanner;
    private readonly string[] _names;
    private readonly int _required;
    private readonly int[] _columns;
    private readonly string[] _classNames;
    private int _class = -1;
    private readonly Range[] _fields = new Range[MostColumns];
    private int _columnCount = -1;
    private byte[] _unquoted = [];

    /// <summary>The columns by name, the first <paramref name="required"/> of them required.</summary>
    protected CsvTraceReader(RecordScanner scanner, TraceReadOptions options, TraceFormat format, string[] names, int required)
        : base(scanner, options, format)
    {
        _scanner = scanner;
        _names = names;
        _required = required;
        _columns = new int[names.Length];
        _classNames = options.ClassFrom is { } own ? [own] : ["class", "tenant"];
    }

    protected sealed override bool Parse(ReadOnlySpan<byte> bytes, TraceRecord record)
    {
        if (_columnCount < 0)
        {
            ReadHeader(bytes);
            return false;
        }

        var count = Split(ref bytes);
        if (count < 0)
        {
            Problems.Add(record.Line, "", "a quote is not closed");
        }
        else if (count != _columnCount)
        {
            Problems.Add(record.Line, "", FormattableString.Invariant($"{count} column{(count == 1 ? "" : "s")}, the header has {_columnCount}"));
        }
        else
        {
            if (_class >= 0)
            {
                record.Class = ClassName(bytes[_fields[_class]].Trim(" \t"u8));
            }

            ParseRow(bytes, record);
        }

        return true;
    }

    /// <summary>Parses one row; <see cref="Field"/> gives its columns.</summary>
    protected abstract void ParseRow(ReadOnlySpan<byte> row, TraceRecord record);

    /// <summary>The text of a column by its place in the list of names, without surrounding blanks; empty where the file lacks it.</summary>
    protected ReadOnlySpan<byte> Field(ReadOnlySpan<byte> row, int name) =>
        _columns[name] < 0 ? default : row[_fields[_columns[name]]].Trim(" \t"u8);

    /// <summary>A column with a number of tokens.</summary>
    protected int Tokens(ReadOnlySpan<byte> row, int name, TraceRecord record)
    {
        var text = Field(row, name);
        if (text.Length is > 0 and < 20
            && System.Buffers.Text.Utf8Parser.TryParse(text, out ulong value, out var used) && used == text.Length)
        {
            return Tokens(record.Line, _names[name], value);
        }

        Problems.Add(record.Line, _names[name], text.IsEmpty ? "is missing" : $"{RowProblems.Show(text)} is not a length", "a whole number of tokens, at least 1");
        return 0;
    }

    private void ReadHeader(ReadOnlySpan<byte> bytes)
    {
        var count = Split(ref bytes);
        var found = new string[Math.Max(count, 0)];
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = Encoding.UTF8.GetString(bytes[_fields[i]]).Trim();
        }

        var problems = new List<Problem>();
        for (var i = 0; i < _names.Length; i++)
        {
            _columns[i] = Array.FindIndex(found, f => f.Equals(_names[i], StringComparison.OrdinalIgnoreCase));
            if (_columns[i] < 0 && i < _required)
            {
                problems.Add(new(
                    FormattableString.Invariant($"{_scanner.Name}:{_scanner.Line}"),
                    $"the header has no column '{_names[i]}'",
                    $"expected {string.Join(',', _names.Take(_required))}; found {RowProblems.Show(bytes)}"));
            }
        }

        _class = _classNames.Select(name => Array.FindIndex(found, f => f.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(at => at >= 0, -1);
        if (_class < 0 && Options.ClassFrom is { } wanted)
        {
            problems.Add(new(FormattableString.Invariant($"{_scanner.Name}:{_scanner.Line}"), $"the header has no column '{wanted}' to name classes by", $"found {RowProblems.Show(bytes)}"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        _columnCount = count;
    }

    /// <summary>Cuts a row into <see cref="_fields"/>; -1 when a quote is not closed.</summary>
    private int Split(ref ReadOnlySpan<byte> row)
    {
        if (row.Contains((byte)'"'))
        {
            return SplitQuoted(ref row);
        }

        var count = 0;
        var start = 0;
        while (count < MostColumns)
        {
            var comma = row[start..].IndexOf((byte)',');
            _fields[count++] = comma < 0 ? start..row.Length : start..(start + comma);
            if (comma < 0)
            {
                break;
            }

            start += comma + 1;
        }

        return count;
    }

    private int SplitQuoted(ref ReadOnlySpan<byte> row)
    {
        // The row is written again without quotes; fields then point into the copy.
        if (_unquoted.Length < row.Length)
        {
            _unquoted = new byte[row.Length];
        }

        var written = 0;
        var start = 0;
        var count = 0;
        var quoted = false;
        for (var i = 0; i < row.Length; i++)
        {
            var c = row[i];
            if (c == '"')
            {
                if (quoted && i + 1 < row.Length && row[i + 1] == '"')
                {
                    _unquoted[written++] = c;
                    i++;
                }
                else
                {
                    quoted = !quoted;
                }
            }
            else if (c == ',' && !quoted)
            {
                if (count < MostColumns - 1)
                {
                    _fields[count++] = start..written;
                }

                start = written;
            }
            else
            {
                _unquoted[written++] = c;
            }
        }

        _fields[count++] = start..written;
        row = _unquoted.AsSpan(0, written);
        return quoted ? -1 : count;
    }
}
