namespace Foretoken.Tuning.Results;

/// <summary>How far a candidate came.</summary>
public enum CandidateState
{
    /// <summary>Played over the whole traffic; the front and what is near it with replications.</summary>
    Finished,

    /// <summary>Dropped while racing: on a slice of the traffic others were better with confidence. Its numbers are carried from the slice to the whole by what its nearest relative came to.</summary>
    OutRaced,

    /// <summary>Never played: even the fluid limit of its capacity cannot carry the traffic.</summary>
    Hopeless,
}

/// <summary>One configuration and what came out.</summary>
public sealed record CandidateResult
{
    /// <summary>Its number in the study, from 1, in the order in which the search proposed it.</summary>
    public required int Number { get; init; }

    /// <summary>Its settings: path of the dimension and value as text, in the order of the space's dimensions; conditional dimensions that do not apply are left out.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Knobs { get; init; }

    /// <summary>One line for people: <c>4 x vLLM TP2, least_requests</c>.</summary>
    public required string Title { get; init; }

    /// <summary>GPUs that it occupies when the run begins.</summary>
    public required int Gpus { get; init; }

    /// <summary>How far it came.</summary>
    public required CandidateState State { get; init; }

    /// <summary>Runs that were played of it (slices and replications).</summary>
    public required int Runs { get; init; }

    /// <summary>One entry per objective, in the order of <see cref="TuningResult.Objectives"/>; NaN where it has none.</summary>
    public required IReadOnlyList<Interval> Objectives { get; init; }

    /// <summary>One entry per constraint, in the order of <see cref="TuningResult.Constraints"/>.</summary>
    public required IReadOnlyList<Interval> Constraints { get; init; }

    /// <summary>Every number that is kept (<see cref="TuningResult.Measures"/> gives title and unit), same order.</summary>
    public required IReadOnlyList<Interval> Measures { get; init; }

    /// <summary>Sum over constraints of the relative misses, of the last run that was played; 0 when all are met.</summary>
    public required double Violation { get; init; }

    /// <summary>Whether no other candidate that keeps the SLO is better in every objective.</summary>
    public required bool OnFront { get; init; }

    /// <summary>Probability that it keeps every constraint, 0 to 1, and 0 when it is hopeless; NaN when nothing varied the runs.</summary>
    public required double SloProbability { get; init; }

    /// <summary>Probability that it is on the front, 0 to 1, and 0 when it is hopeless; NaN when nothing varied the runs, or some run of it has no number for an objective or a bound.</summary>
    public required double FrontProbability { get; init; }

    /// <summary>Number of the candidate whose replications its intervals and probabilities are taken over from: it was played once, or over a part of the traffic; null: its own.</summary>
    public int? DoubtFrom { get; init; }

    /// <summary>Place of its system in <see cref="DoubtRecord.Systems"/>; null where nothing is known of its doubt.</summary>
    public int? System { get; init; }

    /// <summary>Number of its layout: candidates of one number have all of their step-time errors in common; null as <see cref="System"/>.</summary>
    public int? Layout { get; init; }

    /// <summary>Per objective the standard deviation of the logarithm by which what is carried from a slice may be off besides; null where the whole traffic was played.</summary>
    public IReadOnlyList<double>? Noise { get; init; }

    /// <summary>What holds it back: shares of time by cause, largest first, summing to 1 (prefill compute, decode bandwidth, KV capacity, queueing, transfer, collective, host).</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Bottleneck { get; init; } = [];

    /// <summary>A sentence on why it is where it is; empty for candidates off the front.</summary>
    public string Why { get; init; } = "";

    /// <summary>Highest load at which it still keeps the SLO, requests per second, in capacity mode; null otherwise.</summary>
    public Interval? Capacity { get; init; }
}
