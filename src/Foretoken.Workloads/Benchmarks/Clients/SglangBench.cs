using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary><c>python -m sglang.bench_serving</c> with the data sets <c>random</c> and <c>generated-shared-prefix</c>.</summary>
public sealed record SglangBench : BenchmarkOptions
{
    // async def benchmark: the warm-up answers are cut to this, and a second passes before the run.
    private const int WarmUpOutputTokens = 32;

    /// <inheritdoc />
    public override string Tool => "sglang-bench";

    /// <summary><c>--dataset-name generated-shared-prefix</c> instead of <c>random</c>.</summary>
    public bool GeneratedSharedPrefix { get; init; }

    /// <summary><c>--num-prompts</c>, for <c>random</c>.</summary>
    public int NumPrompts { get; init; } = 1000;

    /// <summary><c>--random-input-len</c>: longest prompt.</summary>
    public int RandomInputLen { get; init; } = 1024;

    /// <summary><c>--random-output-len</c>: longest answer.</summary>
    public int RandomOutputLen { get; init; } = 1024;

    /// <summary><c>--random-range-ratio</c>: lengths are any whole number from this share of the longest (at least one token) up to it. The default 0 makes them half as long on average.</summary>
    public double RandomRangeRatio { get; init; }

    /// <summary><c>--gsp-num-groups</c>.</summary>
    public int GspNumGroups { get; init; } = 64;

    /// <summary><c>--gsp-prompts-per-group</c>.</summary>
    public int GspPromptsPerGroup { get; init; } = 16;

    /// <summary><c>--gsp-system-prompt-len</c>.</summary>
    public int GspSystemPromptLen { get; init; } = 2048;

    /// <summary><c>--gsp-question-len</c>.</summary>
    public int GspQuestionLen { get; init; } = 128;

    /// <summary><c>--gsp-output-len</c>.</summary>
    public int GspOutputLen { get; init; } = 256;

    /// <summary><c>--max-concurrency</c>: a semaphore in front of the sender; null for none.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary><c>--request-rate</c>: Poisson arrivals per second; infinite sends everything at once.</summary>
    public double RequestRate { get; init; } = double.PositiveInfinity;

    /// <summary><c>--warmup-requests</c>: copies of the first prompt with at most 32 answer tokens.</summary>
    public int WarmupRequests { get; init; } = 1;

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics { get; } =
    [
        new("TTFT", "ttft", "mean, median, p99"),
        new("TPOT", "tpot", "mean, median, p99 over requests of two tokens or more"),
        new("ITL", "itl", "mean, median, p95, p99, max over all gaps"),
        new("E2E Latency", "e2e", "mean, median, p99"),
    ];

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        checks.AtLeast(NumPrompts, 1, "num_prompts");
        checks.AtLeast(RandomInputLen, 1, "random_input_len");
        checks.AtLeast(RandomOutputLen, 1, "random_output_len");
        checks.Between(RandomRangeRatio, 0, 1, "random_range_ratio");
        checks.AtLeast(GspNumGroups, 1, "gsp_num_groups");
        checks.AtLeast(GspPromptsPerGroup, 1, "gsp_prompts_per_group");
        checks.AtLeast(GspSystemPromptLen, 1, "gsp_system_prompt_len");
        checks.AtLeast(GspQuestionLen, 1, "gsp_question_len");
        checks.AtLeast(GspOutputLen, 1, "gsp_output_len");
        checks.That((long)GspNumGroups * GspPromptsPerGroup <= int.MaxValue, "gsp_prompts_per_group", "gives too many requests", "gsp_num_groups x gsp_prompts_per_group of at most 2147483647");
        checks.AtLeast(MaxConcurrency, 1, "max_concurrency");
        checks.Above(RequestRate, 0, "request_rate");
        checks.AtLeast(WarmupRequests, 0, "warmup_requests");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan()
    {
        var requests = GeneratedSharedPrefix ? GspNumGroups * GspPromptsPerGroup : NumPrompts;
        return new ClientPlan
        {
            Phases =
            [
                new ClientPhase { Requests = WarmupRequests, FirstPromptOnly = true, WarmUp = true, MaxOutputTokens = WarmUpOutputTokens },
                new ClientPhase
                {
                    Requests = requests,
                    MaxInFlight = MaxConcurrency,
                    Pause = WarmupRequests > 0 ? SimDuration.FromSeconds(1) : SimDuration.Zero,
                    Arrivals = double.IsPositiveInfinity(RequestRate) ? ClientArrivals.AtOnce : new ClientArrivals { Rate = RequestRate, FirstAtStart = true },
                },
            ],
            Prompts = GeneratedSharedPrefix
                ? new PromptSet
                {
                    Input = Synthetic.DistributionSpec.Fixed(GspQuestionLen),
                    Output = Synthetic.DistributionSpec.Fixed(GspOutputLen),
                    PrefixTokens = GspSystemPromptLen,
                    PrefixGroups = GspNumGroups,
                    Prompts = requests,
                    Order = PromptOrder.ShuffledOnce,
                }
                : new PromptSet
                {
                    Input = RandomLengths.UpTo(RandomInputLen, RandomRangeRatio),
                    Output = RandomLengths.UpTo(RandomOutputLen, RandomRangeRatio),
                },
        };
    }
}
