using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>
/// kubernetes-sigs/inference-perf with rate stages (<c>load_generator.py</c>, <c>load_timer.py</c>). Its cap of workers times
/// requests per worker closes the loop under overload; its "constant" arrivals are those of a Poisson process whose number of
/// arrivals in the stage is fixed.
/// </summary>
public sealed record InferencePerf : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "inference-perf";

    /// <summary><c>load.type</c> poisson instead of constant.</summary>
    public bool Poisson { get; init; }

    /// <summary><c>load.stages</c>.</summary>
    public required IReadOnlyList<InferencePerfStage> Stages { get; init; }

    /// <summary><c>load.interval</c>: time between stages.</summary>
    public SimDuration Interval { get; init; } = SimDuration.FromSeconds(1);

    /// <summary><c>load.num_workers</c>: worker processes. The tool's default is the client machine's number of CPUs.</summary>
    public required int NumWorkers { get; init; }

    /// <summary><c>load.worker_max_concurrency</c>: requests in flight per worker.</summary>
    public int WorkerMaxConcurrency { get; init; } = 100;

    /// <summary>Prompt tokens, without the shared prefix: <c>shared_prefix.question_len</c>, or <c>input_distribution</c>.</summary>
    public required DistributionSpec Input { get; init; }

    /// <summary>Answer tokens: <c>shared_prefix.output_len</c>, or <c>output_distribution</c>.</summary>
    public required DistributionSpec Output { get; init; }

    /// <summary><c>shared_prefix.num_groups</c>; 0 without shared prefixes.</summary>
    public int NumGroups { get; init; }

    /// <summary><c>shared_prefix.num_prompts_per_group</c>: all stages go through these prompts again and again.</summary>
    public int NumPromptsPerGroup { get; init; } = 10;

    /// <summary><c>shared_prefix.system_prompt_len</c>.</summary>
    public int SystemPromptLen { get; init; } = 100;

    /// <summary>Most requests in flight.</summary>
    public long Cap => (long)NumWorkers * WorkerMaxConcurrency;

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics { get; } =
    [
        new("time_to_first_token", "ttft", "mean, min, p0.1 to p99.9, max, per stage"),
        new("time_per_output_token", "tpot", "mean, min, p0.1 to p99.9, max, per stage"),
        new("inter_token_latency", "itl", "mean, min, p0.1 to p99.9, max, per stage"),
        new("normalized_time_per_output_token", "e2e per token", "mean, min, p0.1 to p99.9, max, per stage"),
        new("request_latency", "e2e", "mean, min, p0.1 to p99.9, max, per stage"),
    ];

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        checks.That(Stages.Count > 0, "stages", "are none", "at least one of rate and duration");
        for (var i = 0; i < Stages.Count; i++)
        {
            var flag = string.Create(CultureInfo.InvariantCulture, $"stages[{i}]");
            checks.Above(Stages[i].Rate, 0, flag + ".rate");
            checks.That(Stages[i].Duration > SimDuration.Zero, flag + ".duration", "is no time", "above 0s");
            checks.That(
                !(Stages[i].Rate > 0) || Stages[i].Duration <= SimDuration.Zero || Stages[i].Requests is >= 1 and <= int.MaxValue,
                flag,
                "has rate x duration requests below 1 or above 2147483647",
                "a rate and duration with at least one request");
        }

        checks.That(Interval >= SimDuration.Zero, "interval", "is negative", "0s or longer");
        checks.AtLeast(NumWorkers, 1, "num_workers");
        checks.AtLeast(WorkerMaxConcurrency, 1, "worker_max_concurrency");
        checks.That(Cap <= int.MaxValue, "worker_max_concurrency", "gives too many requests in flight", "num_workers x worker_max_concurrency of at most 2147483647");
        checks.Lengths(Input, NumGroups > 0 ? "shared_prefix.question_len" : "input_distribution");
        checks.Lengths(Output, NumGroups > 0 ? "shared_prefix.output_len" : "output_distribution");
        checks.AtLeast(NumGroups, 0, "shared_prefix.num_groups");
        checks.AtLeast(NumPromptsPerGroup, 1, "shared_prefix.num_prompts_per_group");
        checks.AtLeast(SystemPromptLen, 1, "shared_prefix.system_prompt_len");
        checks.That((long)NumGroups * NumPromptsPerGroup <= int.MaxValue, "shared_prefix.num_prompts_per_group", "gives too many prompts", "num_groups x num_prompts_per_group of at most 2147483647");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan() => new()
    {
        Phases =
        [
            .. Stages.Select((stage, i) => new ClientPhase
            {
                Requests = (int)stage.Requests,
                MaxInFlight = (int)Cap,
                Pause = i == 0 ? SimDuration.Zero : Interval,
                Arrivals = Poisson
                    ? new ClientArrivals { Rate = stage.Rate, SecondBySecond = true }
                    : new ClientArrivals { Rate = stage.Rate, Total = stage.Duration },
            }),
        ],
        Prompts = new PromptSet
        {
            Input = Input,
            Output = Output,
            PrefixTokens = NumGroups > 0 ? SystemPromptLen : 0,
            PrefixGroups = Math.Max(1, NumGroups),
            Prompts = NumGroups > 0 ? NumGroups * NumPromptsPerGroup : null,
            Order = PromptOrder.ShuffledOnce,
        },
    };
}
