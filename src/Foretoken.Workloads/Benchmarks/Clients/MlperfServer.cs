using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;

namespace Foretoken.Workloads.Benchmarks.Clients;

/// <summary>
/// The server scenario of MLPerf's LoadGen: one endless Poisson process without a cap, until both the least time and the least
/// number of queries are reached; latencies count from the scheduled time, which is the sent time here.
/// </summary>
public sealed record MlperfServer : BenchmarkOptions
{
    /// <inheritdoc />
    public override string Tool => "mlperf-server";

    /// <summary><c>target_qps</c>: queries per second.</summary>
    public required double TargetQps { get; init; }

    /// <summary><c>min_duration</c>.</summary>
    public SimDuration MinDuration { get; init; } = SimDuration.FromSeconds(600);

    /// <summary><c>min_query_count</c>.</summary>
    public int MinQueryCount { get; init; } = 100;

    /// <summary><c>performance_sample_count</c>: samples of the data set that queries draw from, with replacement; null: every query its own.</summary>
    public int? PerformanceSampleCount { get; init; }

    /// <summary>Prompt tokens of the data set.</summary>
    public required DistributionSpec Input { get; init; }

    /// <summary>Answer tokens.</summary>
    public required DistributionSpec Output { get; init; }

    /// <inheritdoc />
    public override IReadOnlyList<ReportedMetric> Metrics { get; } =
    [
        new("First Token latency", "ttft", "min, max, mean, p50 to p99.9; the p99 decides"),
        new("Time to Output Token", "tpot", "min, max, mean, p50 to p99.9; the p99 decides"),
        new("latency", "e2e", "min, max, mean, p50 to p99.9"),
    ];

    /// <inheritdoc />
    public override IReadOnlyList<Problem> Validate(string place = "workload")
    {
        var checks = new FlagChecks(place);
        checks.Above(TargetQps, 0, "target_qps");
        checks.That(MinDuration >= SimDuration.Zero, "min_duration", "is negative", "0s or longer");
        checks.That(!(TargetQps * MinDuration.TotalSeconds > 1e9), "min_duration", "has more than a billion queries at target_qps", "a shorter time or a lower rate");
        checks.AtLeast(MinQueryCount, 1, "min_query_count");
        checks.AtLeast(PerformanceSampleCount, 1, "performance_sample_count");
        checks.Lengths(Input, "input_tokens");
        checks.Lengths(Output, "output_tokens");
        return checks.Problems;
    }

    /// <inheritdoc />
    public override ClientPlan ToPlan() => new()
    {
        Phases = [new ClientPhase { Requests = MinQueryCount, Arrivals = new ClientArrivals { Rate = TargetQps, FirstAtStart = true, MinDuration = MinDuration } }],
        Prompts = new PromptSet { Input = Input, Output = Output, Prompts = PerformanceSampleCount, Order = PromptOrder.Random },
    };
}
