using Foretoken.Metrics.Slo;

namespace Foretoken.Metrics.Summaries;

/// <summary>What a summary tells besides the result: where the run came from and how it is judged.</summary>
public sealed record SummaryContext
{
    /// <summary>Name of the scenario, for titles.</summary>
    public required string ScenarioName { get; init; }

    /// <summary>File of the scenario as the user named it; null when there was none.</summary>
    public string? ScenarioPath { get; init; }

    /// <summary>Resolved settings (path in the scenario, value with unit), echoed into JSON and HTML in this order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>What was served on what, in a sentence or two, for people; empty when the scenario does not say.</summary>
    public IReadOnlyList<string> Headline { get; init; } = [];

    /// <summary>What had to be replaced or estimated for the run's times, in sentences; empty when nothing was.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>GPUs of one replica, for GPU hours. Default 1.</summary>
    public double GpusPerReplica { get; init; } = 1;

    /// <summary>The SLO; null: the run is not judged.</summary>
    public SloSpec? Slo { get; init; }

    /// <summary>Whether the metrics are told by workload class as well. Default yes; those who make thousands of summaries leave it.</summary>
    public bool ByClass { get; init; } = true;

    /// <summary>Percentiles that are wanted besides the standard ones and the SLO's.</summary>
    public IReadOnlyList<double> Percentiles { get; init; } = [];

    /// <summary>
    /// Distributions that are wanted, each with its percentiles: a study reads few, and reads them often. Null: all of them, with the
    /// standard percentiles. What the SLO's targets are about is always there.
    /// </summary>
    internal IReadOnlyList<WantedDistribution>? Wanted { get; init; }

    /// <summary>Wall-clock time of the run; null: the simulator's speed is not reported.</summary>
    public TimeSpan? RunTime { get; init; }

    /// <summary>Wall-clock time before the run (reading scenario and trace); null: not reported.</summary>
    public TimeSpan? SetUpTime { get; init; }
}
