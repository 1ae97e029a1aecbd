using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>What each request of a trace finds in a cache that never forgets, in row order.</summary>
internal sealed class PrefixUse
{
    /// <summary>Prompt tokens that an earlier request had, per row.</summary>
    public required int[] HitTokens { get; init; }

    /// <summary>Seconds since the arrival of the last request that had them all; not a number without hit or without arrival times.</summary>
    public required double[] Lags { get; init; }

    /// <summary>Hit tokens as a share of all prompt tokens.</summary>
    public required double Share { get; init; }

    /// <summary>Replays a trace's contents against an endless cache; null when it has none.</summary>
    public static PrefixUse? Of(Trace trace)
    {
        if (trace.Contents is not { } contents || trace.Tree is not { } tree)
        {
            return null;
        }

        var lastUse = new long[tree.Count];
        Array.Fill(lastUse, -1);
        var hits = new int[trace.Count];
        var lags = new double[trace.Count];
        var ends = tree.Ends;
        long hitTokens = 0;
        for (var row = 0; row < trace.Count; row++)
        {
            var now = trace.Arrivals[row];
            var path = contents[row].Path.Span;
            lags[row] = double.NaN;
            foreach (var node in path)
            {
                if (lastUse[node] < 0)
                {
                    break;
                }

                hits[row] = Math.Min(ends[node], trace.InputTokens[row]);
                lags[row] = now == SimTime.Never || lastUse[node] == long.MaxValue ? double.NaN : (now.Nanoseconds - lastUse[node]) * 1e-9;
            }

            foreach (var node in path)
            {
                lastUse[node] = now.Nanoseconds;
            }

            hitTokens += hits[row];
        }

        long inputs = 0;
        foreach (var input in trace.InputTokens)
        {
            inputs += input;
        }

        return new PrefixUse { HitTokens = hits, Lags = lags, Share = (double)hitTokens / inputs };
    }
}
