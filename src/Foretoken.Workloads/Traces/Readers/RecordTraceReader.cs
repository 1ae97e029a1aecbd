using System.Text;
using System.Text.Unicode;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>What all formats share that hold one request per record (a line, or an element of an array).</summary>
internal abstract class RecordTraceReader(RecordScanner scanner, TraceReadOptions options, TraceFormat format) : ITraceReader
{
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _classes = new(StringComparer.Ordinal);
    private ArrivalOrder? _order;
    private long _rows;
    private bool _ended;

    public TraceFormat Format => format;

    public IReadOnlyList<Problem> Skipped => Problems.Kepts;

    public long SkippedRows => Problems.BadRows;

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Where mistakes are noted.</summary>
    protected RowProblems Problems { get; } = new(scanner.Name, options.SkipBadLines);

    /// <summary>The clock and the sessions.</summary>
    protected ArrivalOrder Order => _order ??= new(Problems);

    /// <summary>How the file is read.</summary>
    protected TraceReadOptions Options => options;

    public bool Read(TraceRecord record)
    {
        if (_ended)
        {
            return false;
        }

        try
        {
            while (!Problems.TooMany)
            {
                Problems.BeginRow();
                if (!TryPending(record))
                {
                    break;
                }

                if (!Problems.RowIsBad)
                {
                    _rows++;
                    return true;
                }
            }

            while (scanner.TryNext(out var bytes))
            {
                record.Clear();
                record.Line = scanner.Line;
                Problems.BeginRow();
                var isRequest = false;
                if (Utf8.IsValid(bytes))
                {
                    isRequest = Parse(bytes, record);
                }
                else
                {
                    Problems.Add(record.Line, "", "is not valid UTF-8 text", "the file may be damaged, or compressed twice");
                }

                if (Problems.RowIsBad)
                {
                    if (Problems.Hopeless)
                    {
                        break;
                    }
                }
                else if (isRequest && !Problems.TooMany)
                {
                    _rows++;
                    return true;
                }
            }
        }
        catch (InputException e) when (Problems.TooMany)
        {
            _ended = true;
            throw new InputException([.. Problems.Failure().Problems, .. e.Problems]);
        }

        _ended = true;
        if (Problems.TooMany)
        {
            throw Problems.Failure();
        }

        AddNotes(_notes);
        if (_rows == 0)
        {
            throw new InputException([.. Problems.Failure().Problems.Where(_ => Problems.BadRows > 0), new(scanner.Name, "holds no usable request", "a trace needs at least one")]);
        }

        if (options.ClassFrom is { } key && _classes.Count == 0)
        {
            throw new InputException(scanner.Name, $"no row names its class by '{key}'", "the key or column as it is spelled in the file (class_from, --class-from)");
        }

        return false;
    }

    public void Dispose() => scanner.Dispose();

    /// <summary>
    /// Parses one record, noting every mistake in <see cref="Problems"/>. False: the format's rules leave this record out (a
    /// header, a tool event), which is no mistake.
    /// </summary>
    protected abstract bool Parse(ReadOnlySpan<byte> bytes, TraceRecord record);

    /// <summary>Gives a request that an earlier record held beyond its first, for formats whose records are conversations.</summary>
    protected virtual bool TryPending(TraceRecord record) => false;

    /// <summary>Adds what was left out by rule, at the end of the file.</summary>
    protected virtual void AddNotes(List<string> notes)
    {
    }

    /// <summary>One string per class name, however often it stands in the file; null for an empty one.</summary>
    protected string? ClassName(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return null;
        }

        Span<char> stack = stackalloc char[256];
        var chars = Encoding.UTF8.GetMaxCharCount(utf8.Length) <= stack.Length ? stack : new char[Encoding.UTF8.GetMaxCharCount(utf8.Length)];
        chars = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        var lookup = _classes.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(chars, out var name))
        {
            name = chars.ToString();
            _classes.Add(name, name);
        }

        return name;
    }

    /// <summary>The class that a JSON record names, at the key that the options say or else the first of those given; null when it names none.</summary>
    protected string? ClassOf(JsonFields row, params ReadOnlySpan<string> paths)
    {
        if (options.ClassFrom is { } wanted)
        {
            return At(row, wanted);
        }

        foreach (var path in paths)
        {
            if (At(row, path) is { } name)
            {
                return name;
            }
        }

        return null;

        string? At(JsonFields from, string path)
        {
            var keys = path.Split('.');
            for (var i = 0; i < keys.Length - 1; i++)
            {
                if (from.Object(keys[i]) is not { } inner)
                {
                    return null;
                }

                from = inner;
            }

            return from.Name(keys[^1]) is { } name ? ClassName(Encoding.UTF8.GetBytes(name)) : null;
        }
    }

    /// <summary>Checks a length: a whole number of tokens from 1 to 2^31-1.</summary>
    protected int Tokens(long line, string field, ulong value)
    {
        if (value is >= 1 and <= int.MaxValue)
        {
            return (int)value;
        }

        Problems.Add(line, field, value == 0 ? "is 0 tokens" : FormattableString.Invariant($"{value} is more than 2147483647 tokens"), "a length is at least 1 token");
        return 0;
    }
}
