using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.SgLang;

/// <summary>
/// An SGLang engine's scheduler and KV cache settings. Names are SGLang's own flags; defaults are those of SGLang
/// (main of July 2026) on a GPU of 60 to 160 GiB. <see cref="Problems"/> says what cannot work.
/// </summary>
public sealed record SgLangSettings : EngineSettings
{
    /// <summary><c>max_total_tokens</c>: tokens that the KV pool holds. Only whole pages can be used.</summary>
    public required int MaxTotalTokens { get; init; }

    /// <summary><c>max_running_requests</c>: most requests running at once, which is also the most per batch.</summary>
    public required int MaxRunningRequests { get; init; }

    /// <summary><c>context_length</c>: a prompt with its answer must be shorter than this; null for no limit but the pool.</summary>
    public int? ContextLength { get; init; }

    /// <summary><c>page_size</c>: tokens per KV page.</summary>
    public int PageSize { get; init; } = 1;

    /// <summary><c>chunked_prefill_size</c>: most prompt tokens computed in one step; null computes every prompt in one piece (SGLang's -1).</summary>
    public int? ChunkedPrefillSize { get; init; } = 8192;

    /// <summary><c>max_prefill_tokens</c>: prompt tokens after which no further request joins a prefill batch.</summary>
    public int MaxPrefillTokens { get; init; } = 16384;

    /// <summary><c>schedule_policy</c>: order of the waiting queue.</summary>
    public SgLangSchedulePolicy SchedulePolicy { get; init; } = SgLangSchedulePolicy.Fcfs;

    /// <summary>The order that is used: without a radix cache SGLang queues by arrival where it would queue by prefix (<c>SchedulePolicy._validate_and_adjust_policy</c>).</summary>
    public SgLangSchedulePolicy ActivePolicy =>
        DisableRadixCache && SchedulePolicy is (SgLangSchedulePolicy.Lpm or SgLangSchedulePolicy.DfsWeight) ? SgLangSchedulePolicy.Fcfs : SchedulePolicy;

    /// <summary><c>schedule_conservativeness</c>: scales the share of a running request's declared output that admission keeps room for.</summary>
    public double ScheduleConservativeness { get; init; } = 1;

    /// <summary><c>enable_mixed_chunk</c>: decoding requests join prefill batches. Ignored when prompts are not computed in chunks.</summary>
    public bool EnableMixedChunk { get; init; }

    /// <summary><c>disable_overlap_schedule</c>: process a batch's result before planning the next one.</summary>
    public bool DisableOverlapSchedule { get; init; }

    /// <summary><c>disable_radix_cache</c>: share nothing.</summary>
    public bool DisableRadixCache { get; init; }

    /// <summary>
    /// <c>scheduler_recv_interval</c>: decode batches from one look for new requests to the next; 1 looks before every plan.
    /// After any other batch it looks at once (unless the interval is above 1000, the weight of such a batch).
    /// </summary>
    public int SchedulerRecvInterval { get; init; } = 1;

    /// <summary>
    /// <c>dp_size</c> with <c>enable_dp_attention</c>: attention ranks that step together, each with the memory and the limits that
    /// these settings say. SGLang itself divides <c>max_running_requests</c> and <c>chunked_prefill_size</c> among them.
    /// </summary>
    public int DpSize { get; init; } = 1;

    /// <summary><c>enable_hierarchical_cache</c>: KV goes on in host memory, or null for no.</summary>
    public SgLangHiCache? HiCache { get; init; }

    /// <summary>Speculative decoding, or null for none.</summary>
    public SgLangSpeculation? Speculation { get; init; }

    /// <summary>KV slots reserved ahead of a decoding request's tokens.</summary>
    public int ReservedPerDecode => Speculation is { } speculation ? 2 * speculation.AllocPerDecode(PageSize) : 0;

    /// <summary>Tokens in whole pages.</summary>
    public int UsableTokens => MaxTotalTokens / PageSize * PageSize;

    /// <summary>Whether decoding requests really join prefill batches.</summary>
    public bool MixesChunks => EnableMixedChunk && ChunkedPrefillSize is not null;

    /// <summary>Everything that would keep the engine from working, each at its field under <paramref name="place"/>.</summary>
    public IReadOnlyList<Problem> Problems(string place)
    {
        var problems = new List<Problem>();
        void Check(bool good, string field, string message, string? fix = null)
        {
            if (!good)
            {
                problems.Add(new Problem($"{place}.{field}", message, fix));
            }
        }

        Check(PageSize >= 1, "page_size", "must be at least 1");
        Check(MaxTotalTokens >= Math.Max(1, PageSize), "max_total_tokens", "must hold at least one page");
        Check(DpSize >= 1, "dp_size", "must be at least 1");
        Check(MaxRunningRequests >= 1, "max_running_requests", "must be at least 1");
        Check(ContextLength is not < 3, "context_length", "must leave room for a prompt and an answer");
        Check(MaxPrefillTokens >= 1, "max_prefill_tokens", "must be at least 1");
        Check(SchedulerRecvInterval >= 1, "scheduler_recv_interval", "must be at least 1");
        Check(double.IsFinite(ScheduleConservativeness) && ScheduleConservativeness >= 0, "schedule_conservativeness", "must be a number of at least 0");
        if (ChunkedPrefillSize is { } chunk)
        {
            Check(chunk >= Math.Max(1, PageSize), "chunked_prefill_size", "is smaller than a page, so that no chunk could ever be computed");
            Check(
                !EnableMixedChunk || chunk >= MaxRunningRequests,
                "chunked_prefill_size",
                "is smaller than max_running_requests, so that decoding requests could fill a mixed batch and leave no room for the chunk under way",
                "raise it, or turn enable_mixed_chunk off");
        }

        if (HiCache is { } hierarchy)
        {
            Check(!DisableRadixCache, "disable_radix_cache", "cannot be set beside enable_hierarchical_cache, which goes on where the radix cache ends", "leave out one of the two");
            Check(hierarchy.HostTokens >= 0, "hicache_size", "must not be negative");
            Check(hierarchy.BytesPerToken >= 0, "kv_bytes_per_token", "must not be negative");
            Check(hierarchy.Layers >= 1, "hicache_size", "must have at least one layer to copy");
        }

        Check(Speculation is null || !EnableMixedChunk, "enable_mixed_chunk", "is turned off by SGLang where drafts are verified", "leave it out");
        problems.AddRange(Speculation?.Problems(place) ?? []);
        return problems;
    }

    /// <inheritdoc />
    public override string EngineName => "sglang";

    /// <inheritdoc />
    public override int KvBlocks => UsableTokens / PageSize * DpSize;

    /// <inheritdoc />
    public override int KvBlockTokens => PageSize;

    /// <inheritdoc />
    public override long KvPoolTokens => (long)MaxTotalTokens * DpSize;

    /// <inheritdoc />
    public override int MaxBatchedTokens => ChunkedPrefillSize ?? MaxPrefillTokens;

    /// <inheritdoc />
    public override int LongestPrompt => Math.Max(0, Math.Min(UsableTokens - PageSize, ContextLength ?? int.MaxValue) - 2);

    /// <inheritdoc />
    public override string LongestPromptFlag => ContextLength < UsableTokens - PageSize ? "context_length" : "max_total_tokens";

    /// <inheritdoc />
    public override bool KeepsOnHost => HiCache is not null;

    /// <inheritdoc />
    public override bool KeepsBehindHost => HiCache is { Storage: not null };

    /// <inheritdoc />
    public override string? NotCovered() => FastSgLangReplica.NotCovered(this);

    /// <inheritdoc />
    public override bool Overtakes => ActivePolicy != SgLangSchedulePolicy.Fcfs;

    /// <inheritdoc />
    /// <remarks>Without a radix cache SGLang queues by arrival where it would queue by prefix.</remarks>
    public override EngineSettings WithoutSharing() => this with
    {
        DisableRadixCache = true,
        HiCache = null,
        SchedulePolicy = SchedulePolicy is SgLangSchedulePolicy.Lof or SgLangSchedulePolicy.Random ? SchedulePolicy : SgLangSchedulePolicy.Fcfs,
    };

    /// <inheritdoc />
    public override bool Accepts(in RequestSpec request) => SgLangAdmission.Accepts(this, request);

    /// <inheritdoc />
    public override IReplica CreatePlain(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed) => new PlainSgLangReplica(this, stepTime, recorder, seed);

    /// <inheritdoc />
    public override IReplica CreateFast(IStepTimeSource stepTime, ReplicaRecorder recorder, ulong seed, PrefixTree? tree) =>
        new FastSgLangReplica(this, stepTime, recorder, seed, tree);
}
