using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Engines.Differential;

/// <summary>Plays a trace in the simplest way there is; optionally closed: at most so many requests at a time.</summary>
internal sealed class RowSource(Trace trace, int concurrency = 0) : IRequestSource
{
    private int _next;
    private int _open;
    private SimTime _freed;

    public bool IsReactive => concurrency > 0;

    public long Count => trace.Count;

    public PrefixTree? Tree => trace.Tree;

    public SimTime NextArrival => _next == trace.Count || (concurrency > 0 && _open >= concurrency)
        ? SimTime.Never
        : concurrency > 0 ? _freed : trace.Arrivals[_next];

    public static RequestSpec Row(Trace trace, int i) => new()
    {
        Index = i,
        Arrival = trace.Arrivals[i],
        InputTokens = trace.InputTokens[i],
        OutputTokens = trace.OutputTokens[i],
        Session = -1,
        Content = trace.Contents?[i] ?? default,
    };

    public void Take(out RequestSpec request)
    {
        request = Row(trace, _next);
        request.Arrival = NextArrival;
        _next++;
        _open++;
    }

    public void Finished(int requestIndex, SimTime at)
    {
        _open--;
        _freed = at;
    }
}
