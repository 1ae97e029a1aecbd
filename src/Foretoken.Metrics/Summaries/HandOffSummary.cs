using Foretoken.Quantities;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>KV handed from prefill to decode replicas, over the whole run.</summary>
public sealed record HandOffSummary
{
    /// <summary>Requests whose KV came whole.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that a decode replica served alone.</summary>
    public required long Local { get; init; }

    /// <summary>Bytes sent.</summary>
    public required long Bytes { get; init; }

    /// <summary>From the prompt's end until the decode replica had memory for it, milliseconds; zero where it had it before. Mean and 95th percentile.</summary>
    public required (double Mean, double P95) MemoryWait { get; init; }

    /// <summary>From when the prompt was computed and the memory was there until all KV was, milliseconds. Mean and 95th percentile.</summary>
    public required (double Mean, double P95) Transfer { get; init; }

    /// <summary>The links.</summary>
    public required IReadOnlyList<LinkUse> Links { get; init; }

    /// <summary>Share of what a link could have carried in the run that it did carry.</summary>
    public static double Use(LinkUse link, double seconds) => link.BytesPerSecond > 0 && seconds > 0 ? link.Bytes / (link.BytesPerSecond * seconds) : 0;

    // Sorting is what costs here: nobody may want to know about the waits.
    internal static HandOffSummary? Of(HandOffTable? table, bool waits)
    {
        if (table is null)
        {
            return null;
        }

        var waited = new List<double>();
        var transfers = new List<double>();
        long bytes = 0;
        foreach (var row in table.Rows)
        {
            bytes += row.Bytes;
            if (row.Arrived != SimTime.Never)
            {
                if (waits)
                {
                    waited.Add(Math.Max(0, (row.Reserved - row.PrefillEnd).TotalMilliseconds));
                }

                transfers.Add((row.Arrived - SimTime.Max(row.Reserved, row.PrefillEnd)).TotalMilliseconds);
            }
        }

        return new HandOffSummary
        {
            Requests = transfers.Count,
            Local = table.Local,
            Bytes = bytes,
            MemoryWait = Statistics(waited),
            Transfer = Statistics(transfers),
            Links = table.Links,
        };
    }

    private static (double Mean, double P95) Statistics(List<double> values)
    {
        if (values.Count == 0)
        {
            return (0, 0);
        }

        values.Sort();
        return (values.Sum() / values.Count, RequestStatistics.Percentile(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values), 95));
    }
}
