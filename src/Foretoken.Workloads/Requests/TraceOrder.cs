using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>Order of a trace's rows in time.</summary>
internal static class TraceOrder
{
    /// <summary>Rows by arrival time, ties in row order; null when the rows already stand so.</summary>
    public static int[]? ByArrival(Trace trace, ReadOnlySpan<int> rows)
    {
        var sorted = true;
        for (var i = 1; i < rows.Length && sorted; i++)
        {
            sorted = trace.Arrivals[rows[i]] >= trace.Arrivals[rows[i - 1]];
        }

        if (sorted)
        {
            return null;
        }

        var order = rows.ToArray();
        var keys = new (long At, int Row)[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            keys[i] = (trace.Arrivals[order[i]].Nanoseconds, order[i]);
        }

        Array.Sort(keys, order);
        return order;
    }

    /// <summary>The problem of a row without any arrival time.</summary>
    public static InputException NoTime(int row) => new(
        $"row {row + 1}",
        "has no arrival time",
        "give a timestamp in every row (only later turns of a session may have a delay instead), or replay the trace in a closed loop");
}
