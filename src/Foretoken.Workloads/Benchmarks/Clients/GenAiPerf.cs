using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>
/// <c>genai-perf profile</c> with synthetic prompts, on Perf Analyzer. Only with a request count: its measurement windows, which
/// go on until three agree, are not modelled.
/// </summary>
public sealed record GenAiPerf : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "genai-perf";

    /// <summary><c>--synthetic-input-tokens-mean</c>.</summary>
    public double SyntheticInputTokensMean { get; init; } = 550;

    /// <summary><c>--synthetic-input-tokens-stddev</c>.</summary>
    public double SyntheticInputTokensStddev { get; init; }

    /// <summary><c>--output-tokens-mean</c>. The tool leaves them to the model by default; here they must be known.</summary>
    public required double OutputTokensMean { get; init; }

    /// <summary><c>--output-tokens-stddev</c>.</summary>
    public double OutputTokensStddev { get; init; }

    /// <summary><c>--concurrency</c>: requests in flight. Null: 1 without a rate. Not together with a rate.</summary>
    public int? Concurrency { get; init; }

    /// <summary><c>--request-rate</c> per second, equal gaps; null keeps the concurrency busy instead.</summary>
    public double? RequestRate { get; init; }

    /// <summary><c>--request-count</c>.</summary>
    public required int RequestCount { get; init; }

    /// <summary><c>--warmup-request-count</c>.</summary>
    public int WarmupRequestCount { get; init; }

    /// <summary><c>--num-dataset-entries</c>: different prompts, sent in order again and again.</summary>
    public int NumDatasetEntries { get; init; } = 100;

    /// <summary><c>--num-prefix-prompts</c>: prefixes that prompts draw from; 0 for none.</summary>
    public int NumPrefixPrompts { get; init; }

    /// <summary><c>--prefix-prompt-length</c>.</summary>
    public int PrefixPromptLength { get; init; }

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics { get; } =
    [
        new("Time To First Token", "ttft", "avg, min, max, p25 to p99"),
        new("Inter Token Latency", "tpot", "avg, min, max, p25 to p99 over requests"),
        new("Request Latency", "e2e", "avg, min, max, p25 to p99"),
    ];

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        NormalLengths.Check(checks, SyntheticInputTokensMean, SyntheticInputTokensStddev, "synthetic_input_tokens_mean", "synthetic_input_tokens_stddev");
        NormalLengths.Check(checks, OutputTokensMean, OutputTokensStddev, "output_tokens_mean", "output_tokens_stddev");
        checks.AtLeast(Concurrency, 1, "concurrency");
        checks.Above(RequestRate, 0, "request_rate");
        checks.That(Concurrency is null || RequestRate is null, "request_rate", "does not go with concurrency", "keep one of them");
        checks.AtLeast(RequestCount, 1, "request_count");
        checks.AtLeast(WarmupRequestCount, 0, "warmup_request_count");
        checks.AtLeast(NumDatasetEntries, 1, "num_dataset_entries");
        checks.AtLeast(NumPrefixPrompts, 0, "num_prefix_prompts");
        checks.AtLeast(PrefixPromptLength, 0, "prefix_prompt_length");
        checks.That((NumPrefixPrompts > 0) == (PrefixPromptLength > 0), "prefix_prompt_length", "and num_prefix_prompts go together", "give both, or neither");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan()
    {
        int? cap = RequestRate is null ? Concurrency ?? 1 : null;
        var arrivals = RequestRate is { } rate ? new ClientArrivals { Rate = rate, Burstiness = double.PositiveInfinity } : ClientArrivals.AtOnce;
        return new ClientPlan
        {
            Phases =
            [
                new ClientPhase { Requests = WarmupRequestCount, MaxInFlight = cap, Arrivals = arrivals, WarmUp = true },
                new ClientPhase { Requests = RequestCount, MaxInFlight = cap, Arrivals = arrivals },
            ],
            Prompts = new PromptSet
            {
                Input = RandomLengths.Normal(SyntheticInputTokensMean, SyntheticInputTokensStddev),
                Output = RandomLengths.Normal(OutputTokensMean, OutputTokensStddev),
                PrefixTokens = PrefixPromptLength,
                PrefixGroups = Math.Max(1, NumPrefixPrompts),
                PrefixDrawn = true,
                Prompts = NumDatasetEntries,
                Order = PromptOrder.Sequential,
            },
        };
    }
}
