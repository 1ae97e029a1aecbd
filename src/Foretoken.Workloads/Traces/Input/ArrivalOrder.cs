using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Input;

/// <summary>
/// Turns a file's own times into times since its first request and checks that they never run backwards. Knows which
/// sessions were seen, because a session's later turn may come in the file before other sessions' first turns.
/// </summary>
internal sealed class ArrivalOrder(RowProblems problems)
{
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private bool? _timed;
    private long _first;
    private long _last;
    private long _lastLine;

    /// <summary>One string per session name, however often it stands in the file.</summary>
    public string Name(ReadOnlySpan<byte> utf8)
    {
        Span<char> stack = stackalloc char[256];
        var chars = Encoding.UTF8.GetMaxCharCount(utf8.Length) <= stack.Length ? stack : new char[Encoding.UTF8.GetMaxCharCount(utf8.Length)];
        chars = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        var lookup = _sessions.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(chars, out var name, out _))
        {
            return name;
        }

        name = chars.ToString();
        _sessions.Add(name, default);
        return name;
    }

    /// <summary>
    /// Sets the record's arrival from <paramref name="time"/> (nanoseconds on the file's own clock; null where the row has
    /// none), or notes why it cannot be. Call it last, for rows without problems: a bad row must not move the clock.
    /// </summary>
    public void Place(TraceRecord record, long? time, string field)
    {
        if (problems.RowIsBad)
        {
            return;
        }

        if (record.SessionId is null)
        {
            if (record.Delay is not null)
            {
                problems.Add(record.Line, "delay", "a delay without a session has no previous answer to wait for", "add session_id, or use timestamp");
            }
            else
            {
                PlaceFirst(record, time, field);
            }

            return;
        }

        ref var session = ref CollectionsMarshal.GetValueRefOrAddDefault(_sessions, record.SessionId, out _);
        if (!session.Seen)
        {
            PlaceFirst(record, time, field);
            if (!problems.RowIsBad)
            {
                session = new(true, time ?? long.MinValue, record.Line);
            }

            return;
        }

        if (time is { } at)
        {
            if (_timed == false)
            {
                problems.Add(record.Line, field, "the trace's first row has no time, this one has", "times in every row, or in none");
                return;
            }

            if (at < session.Last)
            {
                Backwards(record.Line, field, at, session.Last, session.Line, "of the session's previous turn");
                return;
            }

            if (at < _first)
            {
                Backwards(record.Line, field, at, _first, 0, "of the trace's first request");
                return;
            }

            record.Arrival = new SimTime(at - _first);
            session = new(true, at, record.Line);
        }
    }

    private void PlaceFirst(TraceRecord record, long? time, string field)
    {
        if (time is not { } at)
        {
            if (_timed == true)
            {
                problems.Add(record.Line, field, "is missing", "only a session's later turns may go without a time");
            }

            _timed ??= problems.RowIsBad ? null : false;
            return;
        }

        if (_timed == false)
        {
            problems.Add(record.Line, field, "the trace's first row has no time, this one has", "times in every row, or in none");
            return;
        }

        if (_timed is null)
        {
            _timed = true;
            _first = at;
        }
        else if (at < _last)
        {
            Backwards(record.Line, field, at, _last, _lastLine, "of the request before it");
            return;
        }

        // Differences of two int64 times may leave the range: the clock counts at most 292 years.
        if ((Int128)at - _first > long.MaxValue / 2)
        {
            problems.Add(record.Line, field, "is more than 146 years after the first request", "milliseconds, seconds and nanoseconds are easily confused");
            return;
        }

        _last = at;
        _lastLine = record.Line;
        record.Arrival = new SimTime(at - _first);
    }

    private void Backwards(long line, string field, long at, long earlier, long earlierLine, string whose)
    {
        var where = earlierLine > 0 ? string.Create(CultureInfo.InvariantCulture, $", line {earlierLine}") : "";
        var back = (decimal)((Int128)earlier - at) / 1e9m;
        problems.Add(line, field, string.Create(CultureInfo.InvariantCulture, $"time runs backwards: {back:0.#########} s before that {whose}{where}"), "sort the rows by time");
    }

    private readonly record struct Session(bool Seen, long Last, long Line);
}
