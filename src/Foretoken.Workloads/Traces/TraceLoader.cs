using System.Runtime.InteropServices;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>Reads a whole trace into columns and finds out what its requests share.</summary>
public static class TraceLoader
{
    /// <summary>Reads <paramref name="reader"/> to its end. The caller disposes it.</summary>
    /// <exception cref="InputException">The input is damaged or has too many bad rows, or its rows have hash blocks of different sizes.</exception>
    public static Trace Load(ITraceReader reader)
    {
        var arrivals = new List<SimTime>();
        var inputs = new List<int>();
        var outputs = new List<int>();
        var priorities = new Sparse<int>(0);
        var sessions = new Sparse<int>(-1);
        var delays = new Sparse<SimDuration>(new SimDuration(-1));
        var sessionNumbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var classes = new Sparse<int>(0);
        var classNames = new ClassNames();
        var content = new ContentColumns();
        var timed = false;
        var record = new TraceRecord();
        while (reader.Read(record))
        {
            var row = inputs.Count;
            timed |= record.Arrival is not null;
            arrivals.Add(record.Arrival ?? SimTime.Never);
            inputs.Add(record.InputTokens);
            outputs.Add(record.OutputTokens);
            priorities.Set(row, record.Priority);
            if (record.SessionId is { } name)
            {
                ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(sessionNumbers, name, out var known);
                number = known ? number : sessionNumbers.Count - 1;
                sessions.Set(row, number);
            }

            if (record.Delay is { } delay)
            {
                delays.Set(row, delay);
            }

            classes.Set(row, classNames.NumberOf(record.Class));
            content.Add(row, record);
        }

        var rows = inputs.Count;
        var contents = content.Build(rows, out var tree);
        return new Trace
        {
            Arrivals = [.. arrivals],
            InputTokens = [.. inputs],
            OutputTokens = [.. outputs],
            Priorities = priorities.ToArray(rows),
            Sessions = sessions.ToArray(rows),
            SessionCount = sessionNumbers.Count,
            Delays = delays.ToArray(rows),
            Classes = classes.ToArray(rows),
            ClassNames = classNames.Names,
            Contents = contents,
            Tree = tree,
            HasArrivals = timed,
            HashBlockTokens = content.BlockTokens,
        };
    }

    /// <summary>A column that most traces leave at one value; it takes memory once another value appears.</summary>
    private struct Sparse<T>(T usual)
        where T : struct, IEquatable<T>
    {
        private List<T>? _values;

        public void Set(int row, T value)
        {
            if (_values is null)
            {
                if (value.Equals(usual))
                {
                    return;
                }

                _values = [];
            }

            PadTo(row);
            _values.Add(value);
        }

        public T[]? ToArray(int rows)
        {
            if (_values is null)
            {
                return null;
            }

            PadTo(rows);
            return [.. _values];
        }

        private readonly void PadTo(int row)
        {
            while (_values!.Count < row)
            {
                _values.Add(usual);
            }
        }
    }
}
