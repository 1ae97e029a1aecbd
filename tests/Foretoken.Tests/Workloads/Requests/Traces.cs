using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Workloads.Requests;

/// <summary>Small traces for tests. Rows: arrival in ms (-1: none), session (-1: none), delay in ms (-1: none).</summary>
internal static class Traces
{
    public static Trace Plain(params long[] arrivalsMs) => new()
    {
        Arrivals = [.. arrivalsMs.Select(Ms)],
        InputTokens = [.. arrivalsMs.Select((_, i) => 100 + i)],
        OutputTokens = [.. arrivalsMs.Select((_, i) => 10 + i)],
    };

    public static Trace WithSessions(params (long ArrivalMs, int Session, long DelayMs)[] rows) => new()
    {
        Arrivals = [.. rows.Select(row => row.ArrivalMs < 0 ? SimTime.Never : Ms(row.ArrivalMs))],
        InputTokens = [.. rows.Select((_, i) => 100 + i)],
        OutputTokens = [.. rows.Select((_, i) => 10 + i)],
        Sessions = [.. rows.Select(row => row.Session)],
        Delays = [.. rows.Select(row => new SimDuration(row.DelayMs < 0 ? -1 : row.DelayMs * 1_000_000))],
        SessionCount = rows.Max(row => row.Session) + 1,
    };

    public static SimTime Ms(long milliseconds) => new(milliseconds * 1_000_000);
}
