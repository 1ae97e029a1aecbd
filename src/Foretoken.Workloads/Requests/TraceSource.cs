using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Replays a trace in memory, open loop: every request at its timestamp, except that the later turns of a session wait for
/// the turn before them (see <see cref="TraceConversations"/>). Rows without sessions are handed out straight from the
/// columns: no allocation and a few array reads per request. For a closed loop over a trace wrap
/// <see cref="TraceConversations"/> into a <see cref="ClosedLoopSource"/>.
/// </summary>
public sealed class TraceSource : IRequestSource
{
    private readonly Trace _trace;
    private readonly ReplayOptions _options;
    private readonly ConversationSource? _sessions;
    private readonly int[]? _order;
    private readonly int _count;
    private int _next;

    /// <summary>Replays <paramref name="trace"/>.</summary>
    /// <exception cref="InputException">The options cannot be used, or a row has no time to be sent at.</exception>
    public TraceSource(Trace trace, ReplayOptions? options = null)
    {
        _options = options ?? ReplayOptions.Default;
        _options.ThrowIfBad();
        _trace = trace;
        _count = (int)Math.Min(trace.Count, _options.RequestLimit ?? long.MaxValue);
        if (trace.Sessions is not null)
        {
            _sessions = new ConversationSource(new TraceConversations(trace, _options));
            NextArrival = _sessions.NextArrival;
            return;
        }

        var rows = new int[_count];
        for (var row = 0; row < _count; row++)
        {
            if (trace.Arrivals[row] == SimTime.Never)
            {
                throw TraceOrder.NoTime(row);
            }

            rows[row] = row;
        }

        _order = TraceOrder.ByArrival(trace, rows);
        NextArrival = ArrivalOf(0);
    }

    /// <inheritdoc />
    public bool IsReactive => _sessions is not null;

    /// <inheritdoc />
    public long Count => _count;

    /// <inheritdoc />
    public PrefixTree? Tree => _trace.Tree;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => _trace.ClassNames;

    /// <inheritdoc />
    public SimTime NextArrival { get; private set; }

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        if (_sessions is not null)
        {
            _sessions.Take(out request);
            NextArrival = _sessions.NextArrival;
            return;
        }

        Invariant.That(_next < _count);
        var row = _order is null ? _next : _order[_next];
        request.Index = _next;
        request.Arrival = NextArrival;
        request.InputTokens = _trace.InputTokens[row];
        request.OutputTokens = _trace.OutputTokens[row];
        request.Priority = _trace.Priorities is null ? 0 : _trace.Priorities[row];
        request.Session = -1;
        request.Class = _trace.Classes is null ? 0 : _trace.Classes[row];
        request.Content = _trace.Contents is null ? default : _trace.Contents[row];
        NextArrival = ArrivalOf(++_next);
    }

    /// <inheritdoc />
    public void Finished(int requestIndex, SimTime at)
    {
        Invariant.That(_sessions is not null);
        _sessions.Finished(requestIndex, at);
        NextArrival = _sessions.NextArrival;
    }

    private SimTime ArrivalOf(int position) =>
        position >= _count ? SimTime.Never : _options.Scale(_trace.Arrivals[_order is null ? position : _order[position]]);
}
