namespace Foretoken.Engines.SgLang;

/// <summary>
/// An SGLang engine's scheduler and KV cache settings, validated. Names are SGLang's own flags; defaults are those of SGLang
/// (main of July 2026) on a GPU of 60 to 160 GiB.
/// </summary>
public sealed record SgLangSettings
{
    /// <summary><c>max_total_tokens</c>: tokens that the KV pool holds. Only whole pages can be used.</summary>
    public required int MaxTotalTokens { get; init; }

    /// <summary><c>max_running_requests</c>: most requests running at once, which is also the most per batch.</summary>
    public required int MaxRunningRequests { get; init; }

    /// <summary><c>page_size</c>: tokens per KV page.</summary>
    public int PageSize { get; init; } = 1;

    /// <summary><c>chunked_prefill_size</c>: most prompt tokens computed in one step; null computes every prompt in one piece (SGLang's -1).</summary>
    public int? ChunkedPrefillSize { get; init; } = 8192;

    /// <summary><c>max_prefill_tokens</c>: prompt tokens after which no further request joins a prefill batch.</summary>
    public int MaxPrefillTokens { get; init; } = 16384;

    /// <summary><c>schedule_policy</c>: order of the waiting queue.</summary>
    public SgLangSchedulePolicy SchedulePolicy { get; init; } = SgLangSchedulePolicy.Fcfs;

    /// <summary><c>schedule_conservativeness</c>: scales the share of a running request's declared output that admission keeps room for.</summary>
    public double ScheduleConservativeness { get; init; } = 1;

    /// <summary><c>enable_mixed_chunk</c>: decoding requests join prefill batches.</summary>
    public bool EnableMixedChunk { get; init; }

    /// <summary><c>disable_overlap_schedule</c>: process a batch's result before planning the next one.</summary>
    public bool DisableOverlapSchedule { get; init; }

    /// <summary><c>disable_radix_cache</c>: share nothing.</summary>
    public bool DisableRadixCache { get; init; }

    /// <summary>Tokens in whole pages.</summary>
    public int UsableTokens => MaxTotalTokens / PageSize * PageSize;
}
