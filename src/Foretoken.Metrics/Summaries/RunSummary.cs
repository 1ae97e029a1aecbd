using Foretoken.Metrics.Slo;
using Foretoken.Twin.Results;
using Foretoken.Twin.Tracing;

namespace Foretoken.Metrics.Summaries;

/// <summary>
/// What a run came to: pure data, the source of the terminal table, <c>summary.json</c> and <c>report.html</c>. Everything
/// but <see cref="WallClock"/> is a function of (scenario, trace, seed).
/// </summary>
public sealed record RunSummary
{
    /// <summary>Version of the program that made it.</summary>
    public required string Version { get; init; }

    /// <summary>Name of the scenario.</summary>
    public required string ScenarioName { get; init; }

    /// <summary>File of the scenario as the user named it; null when there was none.</summary>
    public required string? ScenarioPath { get; init; }

    /// <summary>Resolved settings, in order.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>What was served on what, for people.</summary>
    public IReadOnlyList<string> Headline { get; init; } = [];

    /// <summary>What had to be replaced or estimated for the run's times, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Seed of the run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Fingerprint over every dispatch decision and every request's result.</summary>
    public required ulong Fingerprint { get; init; }

    /// <summary>Engine mode that ran: <c>fast</c> or <c>plain</c>.</summary>
    public required string EngineMode { get; init; }

    /// <summary>Why the run ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>Whether the run was cut off: some requests had no chance to end, so every number describes a part.</summary>
    public bool Partial => StopReason != StopReason.Completed;

    /// <summary>GPUs of one replica.</summary>
    public required double GpusPerReplica { get; init; }

    /// <summary>Simulated time from the first arrival to the end of the last step, seconds.</summary>
    public required double SimulatedSeconds { get; init; }

    /// <summary>How many requests ended in which way.</summary>
    public required OutcomeCounts Requests { get; init; }

    /// <summary>Metrics with statistics over many values, in the catalogue's order; those without any value are absent.</summary>
    public required IReadOnlyList<MetricStatistics> Distributions { get; init; }

    /// <summary>Metrics with one value, in the catalogue's order; those that are not defined for this run are absent.</summary>
    public required IReadOnlyList<MetricValue> Values { get; init; }

    /// <summary>The SLO and its verdict; null when the run had none.</summary>
    public required SloResult? Slo { get; init; }

    /// <summary>The same by workload class; empty where the workload has no classes.</summary>
    public IReadOnlyList<ClassSummary> Classes { get; init; } = [];

    /// <summary>One row per replica.</summary>
    public required IReadOnlyList<ReplicaSummary> Replicas { get; init; }

    /// <summary>One row per pool.</summary>
    public required IReadOnlyList<PoolSummary> Pools { get; init; }

    /// <summary>The fleet over time.</summary>
    public required FleetTimeline Timeline { get; init; }

    /// <summary>KV handed from prefill to decode replicas; null when every replica served whole requests.</summary>
    public HandOffSummary? HandOffs { get; init; }

    /// <summary>The life of the request that was asked for; null when none was.</summary>
    public RequestLife? ExplainedRequest { get; init; }

    /// <summary>How fast the simulator was; null when not measured.</summary>
    public required WallClock? WallClock { get; init; }

    /// <summary>Statistics of a metric; null when no value of it exists.</summary>
    public Distribution? DistributionOf(MetricDefinition metric)
    {
        for (var i = 0; i < Distributions.Count; i++)
        {
            if (ReferenceEquals(Distributions[i].Metric, metric))
            {
                return Distributions[i].Values;
            }
        }

        return null;
    }

    /// <summary>A single-valued metric; null when it is not defined for this run.</summary>
    public double? ValueOf(MetricDefinition metric)
    {
        for (var i = 0; i < Values.Count; i++)
        {
            if (ReferenceEquals(Values[i].Metric, metric))
            {
                return Values[i].Value;
            }
        }

        return null;
    }
}

/// <summary>A metric and its statistics.</summary>
/// <param name="Metric">Which metric.</param>
/// <param name="Values">Its statistics, in the metric's unit.</param>
public sealed record MetricStatistics(MetricDefinition Metric, Distribution Values);

/// <summary>A metric and its one value.</summary>
/// <param name="Metric">Which metric.</param>
/// <param name="Value">Its value, in the metric's unit.</param>
public sealed record MetricValue(MetricDefinition Metric, double Value);

/// <summary>Requests by outcome. The five outcomes are of the measured part and add up to <see cref="Measured"/>.</summary>
public sealed record OutcomeCounts
{
    /// <summary>Requests issued, warm-up included.</summary>
    public required long Total { get; init; }

    /// <summary>Issued during warm-up and left out of the metrics.</summary>
    public required long WarmUp { get; init; }

    /// <summary>All tokens generated.</summary>
    public required long Completed { get; init; }

    /// <summary>Generation stopped at <c>max_model_len</c>.</summary>
    public required long Truncated { get; init; }

    /// <summary>Refused: longer than the engine accepts.</summary>
    public required long Rejected { get; init; }

    /// <summary>Cancelled by the client.</summary>
    public required long Aborted { get; init; }

    /// <summary>Queued or running when the run was stopped.</summary>
    public required long Unfinished { get; init; }

    /// <summary>Refused or given up by the router.</summary>
    public required long Shed { get; init; }

    /// <summary>Requests of the measured part.</summary>
    public long Measured => Total - WarmUp;

    /// <summary>Completed or truncated.</summary>
    public long Answered => Completed + Truncated;

    /// <summary>Rejected, aborted, unfinished or shed.</summary>
    public long Failed => Rejected + Aborted + Unfinished + Shed;
}

/// <summary>How long the simulator itself took, and its speed. The only numbers that differ between two equal runs.</summary>
public sealed record WallClock
{
    /// <summary>Everything before the run: reading scenario and trace. Null when not measured.</summary>
    public double? SetUpSeconds { get; init; }

    /// <summary>The run itself.</summary>
    public required double RunSeconds { get; init; }

    /// <summary>Simulated seconds per second of the run.</summary>
    public required double SimulatedSecondsPerSecond { get; init; }

    /// <summary>Simulated requests per second of the run (all outcomes).</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Output tokens generated per second of the run.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Input and output tokens of all requests per second of the run.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Engine steps per second of the run.</summary>
    public required double StepsPerSecond { get; init; }
}
