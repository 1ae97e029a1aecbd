using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Fleet.Routing;

/// <summary>
/// What a router can know at a moment, each part as old as it really is. Columns are indexed by worker number and cover every
/// worker that ever was; only those in <see cref="Workers"/> may be chosen. True output lengths are not in it.
/// </summary>
public readonly ref struct RouterView
{
    /// <summary>The moment of the decision.</summary>
    public SimTime Now { get; init; }

    /// <summary>Numbers of the workers that serve, ascending, at least one: neither starting nor draining nor gone.</summary>
    public required ReadOnlySpan<int> Workers { get; init; }

    /// <summary>Changes whenever <see cref="Workers"/> does.</summary>
    public int WorkersVersion { get; init; }

    /// <summary>Number of the pool of equal workers that each one belongs to; empty when all are alike.</summary>
    public ReadOnlySpan<int> PoolOf { get; init; }

    /// <summary>Requests that this router sent to each worker and that have not ended; never stale (if asked for).</summary>
    public ReadOnlySpan<int> RequestsInFlight { get; init; }

    /// <summary>Prompt tokens of the requests in flight plus the tokens they have streamed back so far; never stale (if asked for).</summary>
    public ReadOnlySpan<long> TokensInFlight { get; init; }

    /// <summary>When workers were last polled; <see cref="SimTime.Never"/> before the first poll.</summary>
    public SimTime PolledAt { get; init; }

    /// <summary>Requests that each worker was running at the last poll.</summary>
    public ReadOnlySpan<int> Running { get; init; }

    /// <summary>Requests that waited in each worker at the last poll (with in-flight correction: plus those sent since).</summary>
    public ReadOnlySpan<int> Waiting { get; init; }

    /// <summary>Prompt plus generated tokens of each worker's requests at the last poll (with in-flight correction: plus prompts sent since).</summary>
    public ReadOnlySpan<long> PolledTokens { get; init; }

    /// <summary>Share of each worker's KV blocks in use at the last poll, 0 to 1.</summary>
    public ReadOnlySpan<double> KvUsage { get; init; }

    /// <summary>Tokens that each worker has generated up to the last poll.</summary>
    public ReadOnlySpan<long> GeneratedTokens { get; init; }

    /// <summary>Tree that the requests' paths refer to; null when no request shares anything.</summary>
    public PrefixTree? Tree { get; init; }

    /// <summary>Tokens per KV block of the engines.</summary>
    public int BlockTokens { get; init; }

    /// <summary>A worker's own of figures that are given by pool, or the one that all share.</summary>
    public T Own<T>(IReadOnlyList<T> perPool, int worker) => perPool[perPool.Count > 1 && !PoolOf.IsEmpty ? PoolOf[worker] : 0];
}
