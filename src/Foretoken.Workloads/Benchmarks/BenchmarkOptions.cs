using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>
/// The settings of a benchmark tool, under the tool's own flag names: the twin of its client. What a published number means
/// depends on how many requests were sent when, and on what the tool calls TTFT and TPOT.
/// </summary>
public abstract record BenchmarkOptions
{
    /// <summary>The tool's name, as in <c>workload: {benchmark: NAME}</c>.</summary>
    public abstract string Tool { get; }

    /// <summary>What the tool prints, and which of our metrics that is.</summary>
    public abstract IReadOnlyList<ReportedMetric> Metrics { get; }

    /// <summary>Every problem in the settings, each at its flag below <paramref name="place"/>; empty when they can be used.</summary>
    public abstract IReadOnlyList<Problem> Validate(string place = "workload");

    /// <summary>The plan that these settings stand for. Only for settings without problems.</summary>
    public abstract ClientPlan ToPlan();

    /// <summary>The requests that the tool would send.</summary>
    /// <param name="seed">Seed of every random decision.</param>
    /// <param name="replication">Number of the repetition.</param>
    /// <param name="place">Where the settings stand, for messages.</param>
    /// <exception cref="InputException">With every problem of the settings.</exception>
    public IRequestSource CreateSource(ulong seed, ulong replication = 0, string place = "workload")
    {
        if (Validate(place) is { Count: > 0 } problems)
        {
            throw new InputException(problems);
        }

        return new BenchmarkSource(ToPlan(), seed, replication);
    }
}
