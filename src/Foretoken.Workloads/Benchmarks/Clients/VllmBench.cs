using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary><c>vllm bench serve</c> (vllm/benchmarks/serve.py, datasets.py) with the data sets <c>random</c> and <c>prefix_repetition</c>.</summary>
public sealed record VllmBench : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "vllm-bench";

    /// <summary><c>--dataset-name prefix_repetition</c> instead of <c>random</c>.</summary>
    public bool PrefixRepetition { get; init; }

    /// <summary><c>--num-prompts</c>.</summary>
    public int NumPrompts { get; init; } = 1000;

    /// <summary><c>--random-input-len</c>: middle of the prompt lengths.</summary>
    public int RandomInputLen { get; init; } = 1024;

    /// <summary><c>--random-output-len</c>: middle of the answer lengths.</summary>
    public int RandomOutputLen { get; init; } = 128;

    /// <summary><c>--random-range-ratio</c>: lengths are any whole number within this share of the middle, up and down. At least 0, below 1.</summary>
    public double RandomRangeRatio { get; init; }

    /// <summary><c>--random-prefix-len</c>: tokens that all prompts begin with; they come on top.</summary>
    public int RandomPrefixLen { get; init; }

    /// <summary><c>--prefix-repetition-prefix-len</c>.</summary>
    public int PrefixRepetitionPrefixLen { get; init; } = 256;

    /// <summary><c>--prefix-repetition-suffix-len</c>.</summary>
    public int PrefixRepetitionSuffixLen { get; init; } = 256;

    /// <summary><c>--prefix-repetition-num-prefixes</c>.</summary>
    public int PrefixRepetitionNumPrefixes { get; init; } = 10;

    /// <summary><c>--prefix-repetition-output-len</c>.</summary>
    public int PrefixRepetitionOutputLen { get; init; } = 128;

    /// <summary><c>--max-concurrency</c>: a semaphore in front of the sender; null for none.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary><c>--request-rate</c>: requests per second; infinite sends everything at once.</summary>
    public double RequestRate { get; init; } = double.PositiveInfinity;

    /// <summary><c>--burstiness</c>: shape of the gamma-distributed gaps; 1 is Poisson, infinity equal gaps.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary><c>--num-warmups</c>: copies of the first prompt before the run.</summary>
    public int NumWarmups { get; init; }

    /// <summary><c>--ready-check-timeout-sec</c>: above 0, one test request with the first prompt goes before everything.</summary>
    public int ReadyCheckTimeoutSec { get; init; } = 600;

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics => VllmMetrics.All;

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        checks.AtLeast(NumPrompts, 1, "num_prompts");
        checks.AtLeast(RandomInputLen, 1, "random_input_len");
        checks.AtLeast(RandomOutputLen, 1, "random_output_len");
        checks.That(RandomRangeRatio is >= 0 and < 1, "random_range_ratio", "is out of range", "at least 0 and below 1 (the lengths then lie within L x (1 - r) and L x (1 + r))");
        checks.That(
            !(RandomRangeRatio is >= 0 and < 1) || Math.Floor(RandomInputLen * (1 - RandomRangeRatio)) >= 1,
            "random_range_ratio",
            "is so large that prompts of no token would be drawn",
            "at most 1 - 1/random_input_len");
        checks.AtLeast(RandomPrefixLen, 0, "random_prefix_len");
        checks.AtLeast(PrefixRepetitionPrefixLen, 1, "prefix_repetition_prefix_len");
        checks.AtLeast(PrefixRepetitionSuffixLen, 1, "prefix_repetition_suffix_len");
        checks.AtLeast(PrefixRepetitionNumPrefixes, 1, "prefix_repetition_num_prefixes");
        checks.AtLeast(PrefixRepetitionOutputLen, 1, "prefix_repetition_output_len");
        checks.That(
            !PrefixRepetition || PrefixRepetitionNumPrefixes <= NumPrompts,
            "prefix_repetition_num_prefixes",
            "is larger than num_prompts",
            "at most one prefix per prompt");
        checks.AtLeast(MaxConcurrency, 1, "max_concurrency");
        checks.Above(RequestRate, 0, "request_rate");
        checks.Above(Burstiness, 0, "burstiness");
        checks.AtLeast(NumWarmups, 0, "num_warmups");
        checks.AtLeast(ReadyCheckTimeoutSec, 0, "ready_check_timeout_sec");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan()
    {
        // vLLM gives every prefix the same number of prompts and drops the rest of the division.
        var requests = PrefixRepetition ? NumPrompts / PrefixRepetitionNumPrefixes * PrefixRepetitionNumPrefixes : NumPrompts;
        return new ClientPlan
        {
            Phases =
            [
                new ClientPhase { Requests = ReadyCheckTimeoutSec > 0 ? 1 : 0, FirstPromptOnly = true, WarmUp = true },
                new ClientPhase { Requests = NumWarmups, MaxInFlight = MaxConcurrency, FirstPromptOnly = true, WarmUp = true },
                new ClientPhase { Requests = requests, MaxInFlight = MaxConcurrency, Arrivals = VllmArrivals.Of(RequestRate, Burstiness, requests) },
            ],
            Prompts = PrefixRepetition
                ? new PromptSet
                {
                    Input = Synthetic.DistributionSpec.Fixed(PrefixRepetitionSuffixLen),
                    Output = Synthetic.DistributionSpec.Fixed(PrefixRepetitionOutputLen),
                    PrefixTokens = PrefixRepetitionPrefixLen,
                    PrefixGroups = PrefixRepetitionNumPrefixes,
                    Prompts = requests,
                    Order = PromptOrder.ShuffledOnce,
                }
                : new PromptSet
                {
                    Input = RandomLengths.Around(RandomInputLen, RandomRangeRatio),
                    Output = RandomLengths.Around(RandomOutputLen, RandomRangeRatio),
                    PrefixTokens = RandomPrefixLen,
                },
        };
    }
}
