using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>
/// InferenceX (formerly InferenceMAX): <c>utils/bench_serving/benchmark_serving.py</c> as <c>benchmark_lib.sh</c> calls it. A
/// burst of the whole concurrency at the start, then a closed loop; 2 x concurrency copies of the first prompt before it.
/// </summary>
public sealed record InferenceX : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "inferencex";

    /// <summary><c>--max-concurrency</c>: most requests in flight.</summary>
    public required int MaxConcurrency { get; init; }

    /// <summary><c>--random-input-len</c>: longest prompt, chat template included.</summary>
    public required int RandomInputLen { get; init; }

    /// <summary><c>--random-output-len</c>: longest answer; <c>--ignore-eos</c> is always on.</summary>
    public required int RandomOutputLen { get; init; }

    /// <summary><c>--random-range-ratio</c>: lengths are any whole number from this share of the longest up to it.</summary>
    public double RandomRangeRatio { get; init; } = 0.8;

    /// <summary><c>--random-prefix-len</c>: tokens that all prompts begin with; they come on top.</summary>
    public int RandomPrefixLen { get; init; }

    /// <summary><c>--num-prompts</c>; null: 10 x concurrency.</summary>
    public int? NumPrompts { get; init; }

    /// <summary><c>--num-warmups</c>; null: 2 x concurrency.</summary>
    public int? NumWarmups { get; init; }

    /// <summary><c>--request-rate</c>: requests per second; infinite sends everything at once, up to the cap.</summary>
    public double RequestRate { get; init; } = double.PositiveInfinity;

    /// <summary><c>--burstiness</c>: shape of the gamma-distributed gaps under a finite rate.</summary>
    public double Burstiness { get; init; } = 1;

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics => VllmMetrics.All;

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        checks.AtLeast(MaxConcurrency, 1, "max_concurrency");
        checks.AtLeast(RandomInputLen, 1, "random_input_len");
        checks.AtLeast(RandomOutputLen, 1, "random_output_len");
        checks.Between(RandomRangeRatio, 0, 1, "random_range_ratio");
        checks.That(
            !(RandomRangeRatio is >= 0 and <= 1) || (RandomInputLen * RandomRangeRatio >= 1 && RandomOutputLen * RandomRangeRatio >= 1),
            "random_range_ratio",
            "is so small that prompts or answers of no token would be drawn",
            "at least 1/random_input_len and 1/random_output_len");
        checks.AtLeast(RandomPrefixLen, 0, "random_prefix_len");
        checks.AtLeast(NumPrompts, 1, "num_prompts");
        checks.AtLeast(NumWarmups, 0, "num_warmups");
        checks.Above(RequestRate, 0, "request_rate");
        checks.Above(Burstiness, 0, "burstiness");
        checks.That(12L * MaxConcurrency <= int.MaxValue, "max_concurrency", "is too large", "at most 178956970");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan()
    {
        var requests = NumPrompts ?? 10 * MaxConcurrency;
        return new ClientPlan
        {
            Phases =
            [
                new ClientPhase { Requests = 1, FirstPromptOnly = true, WarmUp = true },
                new ClientPhase { Requests = NumWarmups ?? 2 * MaxConcurrency, MaxInFlight = MaxConcurrency, FirstPromptOnly = true, WarmUp = true },
                new ClientPhase { Requests = requests, MaxInFlight = MaxConcurrency, Arrivals = VllmArrivals.Of(RequestRate, Burstiness, requests) },
            ],
            Prompts = new PromptSet
            {
                Input = RandomLengths.UpTo(RandomInputLen, RandomRangeRatio),
                Output = RandomLengths.UpTo(RandomOutputLen, RandomRangeRatio),
                PrefixTokens = RandomPrefixLen,
            },
        };
    }
}
