using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary><c>aiperf profile</c> with synthetic prompts. Requests go through a data set of few prompts again and again.</summary>
public sealed record AiPerf : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "aiperf";

    /// <summary><c>--isl</c>: mean prompt tokens.</summary>
    public double Isl { get; init; } = 550;

    /// <summary><c>--isl-stddev</c>.</summary>
    public double IslStddev { get; init; }

    /// <summary><c>--osl</c>: mean answer tokens. The tool leaves them to the model by default; here they must be known.</summary>
    public required double Osl { get; init; }

    /// <summary><c>--osl-stddev</c>.</summary>
    public double OslStddev { get; init; }

    /// <summary><c>--concurrency</c>: requests in flight; with a rate a ceiling. Null: 1 without a rate, none with one.</summary>
    public int? Concurrency { get; init; }

    /// <summary><c>--request-rate</c> per second; null keeps the concurrency busy instead.</summary>
    public double? RequestRate { get; init; }

    /// <summary><c>--arrival-pattern</c>: shape of the gaps under a rate; 1 is <c>poisson</c>, infinity <c>constant</c>, else <c>gamma</c> with <c>--arrival-smoothness</c>.</summary>
    public double Smoothness { get; init; } = 1;

    /// <summary><c>--request-count</c>; null: twice the concurrency, at least 10.</summary>
    public int? RequestCount { get; init; }

    /// <summary><c>--warmup-request-count</c>.</summary>
    public int WarmupRequestCount { get; init; }

    /// <summary><c>--num-dataset-entries</c>: different prompts.</summary>
    public int NumDatasetEntries { get; init; } = 100;

    /// <summary><c>--dataset-sampling-strategy</c>.</summary>
    public PromptOrder DatasetSamplingStrategy { get; init; } = PromptOrder.ShuffledEachPass;

    /// <summary><c>--num-prefix-prompts</c>: prefixes that prompts draw from; 0 for none.</summary>
    public int NumPrefixPrompts { get; init; }

    /// <summary><c>--prefix-prompt-length</c>.</summary>
    public int PrefixPromptLength { get; init; }

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics { get; } =
    [
        new("Time to First Token", "ttft", "avg, min, max, p1 to p99, std"),
        new("Inter Token Latency", "tpot", "avg, min, max, p1 to p99, std over requests"),
        new("Inter Chunk Latency", "itl", "avg, min, max, p1 to p99, std over gaps"),
        new("Request Latency", "e2e", "avg, min, max, p1 to p99, std"),
    ];

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        NormalLengths.Check(checks, Isl, IslStddev, "isl", "isl_stddev");
        NormalLengths.Check(checks, Osl, OslStddev, "osl", "osl_stddev");
        checks.AtLeast(Concurrency, 1, "concurrency");
        checks.Above(RequestRate, 0, "request_rate");
        checks.Above(Smoothness, 0, "arrival_smoothness");
        checks.That(RequestRate is not null || Smoothness == 1, "arrival_pattern", "needs a request_rate", "add request_rate, or remove arrival_pattern and arrival_smoothness");
        checks.AtLeast(RequestCount, 1, "request_count");
        checks.That(RequestCount >= Concurrency || RequestCount is null || Concurrency is null, "request_count", "is smaller than concurrency", "at least as many requests as are to be in flight");
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
        var cap = Concurrency ?? (RequestRate is null ? 1 : null);
        var arrivals = RequestRate is { } rate ? new ClientArrivals { Rate = rate, Burstiness = Smoothness } : ClientArrivals.AtOnce;
        return new ClientPlan
        {
            Phases =
            [
                new ClientPhase { Requests = WarmupRequestCount, MaxInFlight = cap, Arrivals = arrivals, CatchesUp = false, WarmUp = true },
                new ClientPhase { Requests = RequestCount ?? Math.Max(10, 2 * (Concurrency ?? 1)), MaxInFlight = cap, Arrivals = arrivals, CatchesUp = RequestRate is null },
            ],
            Prompts = new PromptSet
            {
                Input = RandomLengths.Normal(Isl, IslStddev),
                Output = RandomLengths.Normal(Osl, OslStddev),
                PrefixTokens = PrefixPromptLength,
                PrefixGroups = Math.Max(1, NumPrefixPrompts),
                PrefixDrawn = true,
                Prompts = NumDatasetEntries,
                Order = DatasetSamplingStrategy,
            },
        };
    }
}
