using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// The conversations of a trace: rows with the same session number are turns of one, in row order; a row without session is
/// a conversation of one turn. A later turn is sent its delay after the completion of the turn before it; where the trace
/// has no delay but timestamps, their difference is the delay (the convention of Mooncake replays).
/// </summary>
/// <remarks>
/// By default conversations come in order of their first timestamps. With <c>ignoreTimestamps</c> (closed loop)
/// they come in row order, timestamps need not exist, and a later turn without a delay is sent at once.
/// </remarks>
public sealed class TraceConversations : IConversationSupply
{
    private const int LastTurn = -1;

    private readonly Trace _trace;
    private readonly ReplayOptions _options;
    private readonly bool _ignoreTimestamps;
    private readonly int[] _starts;
    private readonly int[]? _nextTurn;
    private int _begun;

    /// <summary>The conversations of the first rows of <paramref name="trace"/>.</summary>
    /// <exception cref="InputException">The options cannot be used, or rows have no time to be sent at; names each such row (the first 20).</exception>
    public TraceConversations(Trace trace, ReplayOptions? options = null, bool ignoreTimestamps = false)
    {
        _options = options ?? ReplayOptions.Default;
        _options.ThrowIfBad();
        _trace = trace;
        _ignoreTimestamps = ignoreTimestamps;
        var count = (int)Math.Min(trace.Count, _options.RequestLimit ?? long.MaxValue);
        Count = count;
        var starts = new List<int>();
        if (trace.Sessions is null)
        {
            for (var row = 0; row < count; row++)
            {
                starts.Add(row);
            }
        }
        else
        {
            _nextTurn = LinkTurns(trace.Sessions, trace.SessionCount, count, starts);
        }

        _starts = [.. starts];
        if (!ignoreTimestamps)
        {
            Check(count);
            _starts = TraceOrder.ByArrival(trace, _starts) ?? _starts;
        }
    }

    /// <inheritdoc />
    public long Count { get; }

    /// <inheritdoc />
    public PrefixTree? Tree => _trace.Tree;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => _trace.ClassNames;

    /// <inheritdoc />
    public SimTime NextStart =>
        _begun == _starts.Length ? SimTime.Never : _ignoreTimestamps ? SimTime.Zero : _options.Scale(_trace.Arrivals[_starts[_begun]]);

    /// <inheritdoc />
    public int Begin() => _starts[_begun++];

    /// <inheritdoc />
    public void Fill(int handle, ref RequestSpec request)
    {
        request.InputTokens = _trace.InputTokens[handle];
        request.OutputTokens = _trace.OutputTokens[handle];
        request.Priority = _trace.Priorities is null ? 0 : _trace.Priorities[handle];
        request.Session = _trace.Sessions is null ? -1 : _trace.Sessions[handle];
        request.Class = _trace.Classes is null ? 0 : _trace.Classes[handle];
        request.Content = _trace.Contents is null ? default : _trace.Contents[handle];
    }

    /// <inheritdoc />
    public bool TryAdvance(ref int handle, out SimDuration wait)
    {
        wait = SimDuration.Zero;
        var next = _nextTurn is null ? LastTurn : _nextTurn[handle];
        if (next == LastTurn)
        {
            return false;
        }

        wait = _options.Scale(WaitBefore(handle, next));
        handle = next;
        return true;
    }

    private static int[] LinkTurns(int[] sessions, int sessionCount, int count, List<int> starts)
    {
        var nextTurn = new int[count];
        var latest = new int[sessionCount];
        Array.Fill(latest, -1);
        Array.Fill(nextTurn, LastTurn);
        for (var row = 0; row < count; row++)
        {
            var session = sessions[row];
            if (session < 0 || latest[session] < 0)
            {
                starts.Add(row);
            }
            else
            {
                nextTurn[latest[session]] = row;
            }

            if (session >= 0)
            {
                latest[session] = row;
            }
        }

        return nextTurn;
    }

    private SimDuration WaitBefore(int row, int next)
    {
        if (_trace.Delays is not null && _trace.Delays[next] >= SimDuration.Zero)
        {
            return _trace.Delays[next];
        }

        return _ignoreTimestamps ? SimDuration.Zero : _trace.Arrivals[next] - _trace.Arrivals[row];
    }

    private void Check(int count)
    {
        var problems = new List<Problem>();
        foreach (var row in _starts)
        {
            if (_trace.Arrivals[row] == SimTime.Never)
            {
                problems.AddRange(TraceOrder.NoTime(row).Problems);
            }
        }

        for (var row = 0; row < count && _nextTurn is not null; row++)
        {
            var next = _nextTurn[row];
            if (next == LastTurn || (_trace.Delays is not null && _trace.Delays[next] >= SimDuration.Zero))
            {
                continue;
            }

            if (_trace.Arrivals[next] == SimTime.Never || _trace.Arrivals[row] == SimTime.Never)
            {
                problems.Add(new($"row {next + 1}", "a session's later turn has neither a delay nor timestamps to take one from", "give a delay"));
            }
            else if (_trace.Arrivals[next] < _trace.Arrivals[row])
            {
                problems.Add(new($"row {next + 1}", $"lies before the turn it follows (row {row + 1}) in time", "order a session's rows by time"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException([.. problems.Take(20)]);
        }
    }
}
