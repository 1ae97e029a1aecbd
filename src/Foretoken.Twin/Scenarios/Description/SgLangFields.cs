using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The keys of an <c>engine</c> section of kind sglang: its scheduler and KV cache under SGLang's own flag names.</summary>
public static class SgLangFields
{
    /// <summary>Where SGLang's defaults were read.</summary>
    public const string SgLangDefaults = "SGLang, main of July 2026 (server_args.py)";

    public static readonly Field<int?> MaxTotalTokens = new(new OptionalType<int>(new IntegerType(2)))
    {
        Name = "max_total_tokens",
        AlsoCalled = ["max_total_num_tokens"],
        Meaning = "Tokens that a replica's KV pool holds; only whole pages are used.",
        DefaultText = "what fits; 262144 without a model and a GPU",
        DefaultSource = "as much as the default of vLLM's pool here",
    };

    public static readonly Field<int?> MaxRunningRequests = new(new OptionalType<int>(new IntegerType(1)))
    {
        Name = "max_running_requests",
        Meaning = "Most requests running at once on a replica.",
        DefaultText = "by the pool and context_length",
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<int?> ContextLength = new(new OptionalType<int>(new IntegerType(2)))
    {
        Name = "context_length",
        Meaning = "Most tokens of prompt plus answer.",
        DefaultText = "the model's; without a model what fits into the pool",
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<int> PageSize = new(new IntegerType(1, 65536))
    {
        Name = "page_size",
        Meaning = "Tokens per KV page.",
        Default = 1,
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<int?> ChunkedPrefillSize = new(new OptionalType<int>(new IntegerType(-1)))
    {
        Name = "chunked_prefill_size",
        Meaning = "Most prompt tokens computed in one step; -1 computes every prompt in one piece.",
        DefaultText = "by GPU memory",
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<int> MaxPrefillTokens = new(new IntegerType(1))
    {
        Name = "max_prefill_tokens",
        Meaning = "Prompt tokens after which no further request joins a prefill batch.",
        Default = 16384,
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<string> SchedulePolicy = new(new ChoiceType(
        ("fcfs", "first come, first served"),
        ("lof", "longest declared output first"),
        ("lpm", "longest prefix match first"),
        ("dfs-weight", "depth first through the radix tree, heavier subtrees first"),
        ("random", "shuffled before every prefill attempt"),
        ("routing-key", "requests whose routing key (here: session) is common in the running batch first")))
    {
        Name = "schedule_policy",
        Meaning = "Order of the waiting queue. Before v0.4.4 lpm.",
        Default = "fcfs",
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<double> ScheduleConservativeness = new(new NumberType(UnitTable.Number, 0, 100))
    {
        Name = "schedule_conservativeness",
        Meaning = "Scales the share of a running request's declared output that admission keeps room for.",
        Default = 1,
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<bool> EnableMixedChunk = Flag("enable_mixed_chunk", "Decoding requests join prefill batches.");
    public static readonly Field<bool> DisableOverlapSchedule = Flag("disable_overlap_schedule", "Process a batch's result before planning the next one. With drafts true before v0.5.11.");
    public static readonly Field<bool> DisableRadixCache = Flag("disable_radix_cache", "Share nothing between requests with the same beginning.");

    public static readonly Field<int> SchedulerRecvInterval = new(new IntegerType(1))
    {
        Name = "scheduler_recv_interval",
        Meaning = "Decode batches from one look for new requests to the next; 1 looks before every batch. A prefill batch counts 1000.",
        Default = 1,
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<double?> MemFractionStatic = Optional.Number("mem_fraction_static",
        "Share of each GPU's memory for weights and KV pool. Default: what chunk, graphs and ranks leave (ServerArgs).", UnitTable.Number, 0, 1, aboveMin: true);

    public static readonly Field<int?> CudaGraphMaxBs = Optional.Count("cuda_graph_max_bs", "Largest decode batch in a CUDA graph. Default: by GPU memory and ranks (ServerArgs).");

    public static readonly Field<bool> DisableCudaGraph = Flag("disable_cuda_graph", "Run every step without CUDA graphs.");

    public static readonly Field<string> SpeculativeAlgorithm = new(new ChoiceType(
        ("none", "no speculation"),
        ("EAGLE", "a draft head with KV slots of its own, or the model's own multi-token prediction"),
        ("EAGLE3", "as EAGLE"),
        ("NEXTN", "the model's own multi-token prediction"),
        ("NGRAM", "drafts from the text so far")))
    {
        Name = "speculative_algorithm",
        Meaning = "Speculative decoding.",
        Default = "none",
        DefaultSource = SgLangDefaults,
    };

    public static readonly Field<int?> SpeculativeNumSteps = Optional.Count("speculative_num_steps", "Depth of the draft tree. Default: by the model's architecture (auto_choose_speculative_params).", max: 64);

    public static readonly Field<int?> SpeculativeEagleTopk = Optional.Count("speculative_eagle_topk", "Branches of the draft tree per step. Default: by the model's architecture; 1 beside speculative_num_steps.", max: 64);

    public static readonly Field<int?> SpeculativeNumDraftTokens = Optional.Count("speculative_num_draft_tokens",
        "Tokens verified per request and step, the last known one among them. Default: by the model's architecture; one more than the steps with speculative_eagle_topk 1; 12 for NGRAM.", 2, 1024);

    public static readonly Field<IReadOnlyList<double>> AcceptanceRates = Optional.List("synthetic_acceptance_rates",
        "Probability that the first 1, 2, ... drafts are all accepted, none larger than the one before it: one number per step of the draft tree, for NGRAM one per draft token. A property of model and traffic, so it has no default.",
        new NumberType(UnitTable.Number, 0, 1));

    public static readonly Field<double?> SimulateAccLen = Optional.Number("simulate_acc_len",
        "Instead of synthetic_acceptance_rates: mean tokens per step and request, bonus token included; all requests of a batch get the same number (SGLANG_SIMULATE_ACC_LEN).", min: 1);

    public static readonly Field<string> SimulateAccMethod = new(new ChoiceType(
        ("match-expected", "one of the two whole numbers around the length"),
        ("multinomial", "normal around the length with a deviation of 1, rounded and cut: its mean is not the length near the ends")))
    {
        Name = "simulate_acc_method",
        Meaning = "How simulate_acc_len is drawn (SGLANG_SIMULATE_ACC_METHOD).",
        Default = "match-expected",
        DefaultSource = "SGLang, main of 2026 (environ.py); multinomial before v0.5",
    };

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Field> All =
    [
        MaxTotalTokens, MemFractionStatic, CudaGraphMaxBs, DisableCudaGraph, MaxRunningRequests, ContextLength,
        PageSize, ChunkedPrefillSize, MaxPrefillTokens, SchedulePolicy, ScheduleConservativeness,
        EnableMixedChunk, DisableOverlapSchedule, DisableRadixCache, SchedulerRecvInterval, ExchangeFields.MoeA2ABackend, ExchangeFields.DeepEpMode,
        SpeculativeAlgorithm, SpeculativeNumSteps, SpeculativeEagleTopk, SpeculativeNumDraftTokens, AcceptanceRates, SimulateAccLen, SimulateAccMethod,
        .. HiCacheFields.All,
    ];

    private static Field<bool> Flag(string name, string meaning) =>
        new(new SwitchType()) { Name = name, Meaning = meaning, Default = false, DefaultSource = SgLangDefaults };
}
