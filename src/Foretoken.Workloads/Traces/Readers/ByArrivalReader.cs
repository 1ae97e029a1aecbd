using System.Runtime.InteropServices;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>A row as a file that is ordered by completion gives it: with its own clock and, where known, its end.</summary>
internal interface ICompletionRows : ITraceReader
{
    /// <summary>The file as the user named it.</summary>
    string Name { get; }

    /// <summary>Start of the row just read, in nanoseconds on the file's clock; null where it has none.</summary>
    long? Start { get; }

    /// <summary>End of the row just read; null where it is not known.</summary>
    long? End { get; }
}

/// <summary>
/// Puts a file that is ordered by completion (or not at all) into the order of arrival. It must be held in memory for that;
/// hash ids take most of it. Rows of one session become its turns, each waiting as long after the previous answer as it
/// was recorded to.
/// </summary>
internal sealed class ByArrivalReader(ICompletionRows rows) : ITraceReader
{
    private readonly List<Stored> _stored = [];
    private readonly List<ulong> _ids = [];
    private readonly Dictionary<string, Turn> _sessions = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private int _next = -1;
    private long _first;
    private long _overlaps;

    public TraceFormat Format => rows.Format;

    public IReadOnlyList<Problem> Skipped => rows.Skipped;

    public long SkippedRows => rows.SkippedRows;

    public IReadOnlyList<string> Notes => _notes;

    public bool Read(TraceRecord record)
    {
        if (_next < 0)
        {
            Collect(record);
            _next = 0;
        }

        if (_next == _stored.Count)
        {
            if (_overlaps > 0)
            {
                _notes.Add(FormattableString.Invariant($"{_overlaps} session turn{(_overlaps == 1 ? "" : "s")} began before the turn before had ended; replayed right after it"));
                _overlaps = 0;
            }

            return false;
        }

        Restore(_stored[_next++], record);
        return true;
    }

    public void Dispose() => rows.Dispose();

    private void Collect(TraceRecord record)
    {
        var problems = new RowProblems(rows.Name, 0);
        bool? timed = null;
        while (rows.Read(record))
        {
            problems.BeginRow();
            timed ??= rows.Start is not null;
            if (timed != rows.Start is not null)
            {
                problems.Add(record.Line, "", timed.Value ? "has no start time, the rows before have" : "has a start time, the rows before have none");
                if (problems.Hopeless)
                {
                    break;
                }

                continue;
            }

            _stored.Add(new(
                rows.Start ?? 0, rows.Start is not null, rows.End, record.InputTokens, record.OutputTokens, record.Priority, record.SessionId, record.RequestId, record.Class,
                record.HashBlockTokens, record.KnownTokens, _ids.Count, record.HashIds.Count, record.Line));
            _ids.AddRange(record.HashIds);
            if (record.SessionId is { } session)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_sessions, session, out _).Rows++;
            }
        }

        if (problems.TooMany)
        {
            throw problems.Failure();
        }

        _notes.AddRange(rows.Notes);

        // By start, then by place in the file: List.Sort is not stable by itself.
        _stored.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.FirstId != b.FirstId ? a.FirstId.CompareTo(b.FirstId) : a.Line.CompareTo(b.Line));
        _first = _stored.Count > 0 ? _stored[0].Start : 0;
    }

    private void Restore(in Stored row, TraceRecord record)
    {
        record.Clear();
        record.Line = row.Line;
        record.Arrival = row.Timed ? new SimTime(row.Start - _first) : null;
        record.InputTokens = row.Input;
        record.OutputTokens = row.Output;
        record.Priority = row.Priority;
        record.RequestId = row.Request;
        record.Class = row.Class;
        record.HashBlockTokens = row.Block;
        record.KnownTokens = row.Known;
        record.HashIds.AddRange(CollectionsMarshal.AsSpan(_ids).Slice(row.FirstId, row.Ids));
        if (row.Session is null)
        {
            return;
        }

        // A conversation of one request is a request on its own.
        ref var session = ref CollectionsMarshal.GetValueRefOrNullRef(_sessions, row.Session);
        if (session.Rows < 2)
        {
            return;
        }

        record.SessionId = row.Session;
        if (session.Seen && session.End is { } end)
        {
            _overlaps += row.Start < end ? 1 : 0;
            record.Delay = new SimDuration(Math.Max(0, row.Start - end));
        }

        session.Seen = true;
        session.End = row.End;
    }

    private readonly record struct Stored(
        long Start, bool Timed, long? End, int Input, int Output, int Priority, string? Session, string? Request, string? Class, int Block, int Known, int FirstId, int Ids, long Line);

    private record struct Turn(int Rows, bool Seen, long? End);
}
