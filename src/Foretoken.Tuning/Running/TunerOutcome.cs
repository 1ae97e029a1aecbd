namespace Foretoken.Tuning.Running;

/// <summary>What a search came to, before anything is concluded from it.</summary>
public sealed record TunerOutcome
{
    internal IReadOnlyList<Contestant> Contestants { get; init; } = [];

    /// <summary>The front and what is near it.</summary>
    internal IReadOnlyList<Contestant> Finalists { get; init; } = [];

    /// <summary>Those that keep the constraints and are beaten by nobody who does.</summary>
    internal IReadOnlySet<Contestant> Front { get; init; } = new HashSet<Contestant>();

    /// <summary>How sure their numbers are; null where nothing is known.</summary>
    internal Conclusions.Verdicts? Verdicts { get; init; }

    /// <summary>What is handed over, the recommended one first.</summary>
    internal IReadOnlyList<Contestant> Shortlist { get; init; } = [];

    /// <summary>A candidate by its number.</summary>
    public Space.Candidate Candidate(int number) => Contestants[number - 1].Candidate;

    /// <summary>What a larger budget would change, in sentences; empty where something keeps the SLO.</summary>
    public IReadOnlyList<string> Beyond { get; init; } = [];

    /// <summary>Points that cannot exist, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Infeasible { get; init; }

    /// <summary>Points that meant the same as another.</summary>
    public required long Equivalent { get; init; }

    /// <summary>Runs.</summary>
    public required long Runs { get; init; }

    /// <summary>Virtual time of all runs, seconds.</summary>
    public required double SimulatedSeconds { get; init; }

    /// <summary>GPU hours of all runs.</summary>
    public required double GpuHours { get; init; }

    /// <summary>What they would have cost, US dollars; NaN where a price is not known.</summary>
    public required double Cost { get; init; }

    /// <summary>The search that was used.</summary>
    public required string Search { get; init; }

    /// <summary>Whether every point was looked at.</summary>
    public required bool IsExhaustive { get; init; }
}
