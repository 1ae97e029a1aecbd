using Foretoken.Tuning.Objectives;

namespace Foretoken.Tuning.Results;

/// <summary>Everything that a study found. A function of (study, traffic, seed); only <see cref="WallSeconds"/> depends on the machine.</summary>
public sealed record TuningResult
{
    /// <summary>What the study is called.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of the search and of every run.</summary>
    public required long Seed { get; init; }

    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Model, GPUs, traffic in a line or two.</summary>
    public required IReadOnlyList<string> Headline { get; init; }

    /// <summary>What was to be improved.</summary>
    public required IReadOnlyList<Objective> Objectives { get; init; }

    /// <summary>What had to be kept.</summary>
    public required IReadOnlyList<Constraint> Constraints { get; init; }

    /// <summary>The other numbers that every candidate has, in the order of <see cref="CandidateResult.Measures"/>.</summary>
    public required IReadOnlyList<Measure> Measures { get; init; }

    /// <summary>The dimensions of the space: path and the values, as text.</summary>
    public required IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Dimensions { get; init; }

    /// <summary>Every candidate that was looked at and could exist, by number.</summary>
    public required IReadOnlyList<CandidateResult> Candidates { get; init; }

    /// <summary>Points of the space that cannot exist or may not, counted by reason, most frequent first.</summary>
    public required IReadOnlyList<KeyValuePair<string, long>> Infeasible { get; init; }

    /// <summary>Points that mean the same as another one and were not run again.</summary>
    public required long Equivalent { get; init; }

    /// <summary>Points of the space in all, infeasible and equivalent ones included.</summary>
    public required double SpaceSize { get; init; }

    /// <summary>Simulations that were played (those found in the store included).</summary>
    public required long Runs { get; init; }

    /// <summary>Virtual time of all of them, hours.</summary>
    public required double SimulatedHours { get; init; }

    /// <summary>GPU hours that the same runs would have taken on real GPUs.</summary>
    public required double RealGpuHours { get; init; }

    /// <summary>What those GPU hours would have cost, US dollars; NaN where a price is not known.</summary>
    public required double RealCost { get; init; }

    /// <summary>Time that the study took on this machine, all attempts together, seconds.</summary>
    public double WallSeconds { get; init; }

    /// <summary>The search that was used.</summary>
    public required string Search { get; init; }

    /// <summary>Whether every point that can exist was looked at.</summary>
    public required bool Exhaustive { get; init; }

    /// <summary>How much each dimension moves each objective: see <see cref="Sensitivity"/>.</summary>
    public IReadOnlyList<Sensitivity> Sensitivities { get; init; } = [];

    /// <summary>The advice; null when nothing could be run.</summary>
    public Recommendation? Recommendation { get; init; }

    /// <summary>Numbers of the shortlisted candidates, the recommended one first.</summary>
    public IReadOnlyList<int> Shortlist { get; init; } = [];

    /// <summary>Pairs of the front: how surely one beats the other.</summary>
    public IReadOnlyList<PairVerdict> Pairs { get; init; } = [];

    /// <summary>What the doubt was drawn from; null when nothing varied the runs.</summary>
    public DoubtRecord? Doubt { get; init; }

    /// <summary>Things that a reader has to know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>How much a dimension moves an objective over the evaluated points: share of the objective's variance that the dimension's values explain, 0 to 1.</summary>
/// <param name="Dimension">Path of the dimension.</param>
/// <param name="Shares">One share per objective.</param>
/// <param name="Best">The value whose candidates were best on average, per objective, as text.</param>
public sealed record Sensitivity(string Dimension, IReadOnlyList<double> Shares, IReadOnlyList<string> Best);

/// <summary>How surely one candidate is better than another in one objective.</summary>
/// <param name="A">Number of the first.</param>
/// <param name="B">Number of the second.</param>
/// <param name="Objective">Index of the objective.</param>
/// <param name="Probability">That A is better than B.</param>
public sealed record PairVerdict(int A, int B, int Objective, double Probability);

/// <summary>What to do, and why.</summary>
public sealed record Recommendation
{
    /// <summary>Number of the candidate; the nearest one when none keeps the SLO.</summary>
    public required int Candidate { get; init; }

    /// <summary>Whether it keeps the SLO.</summary>
    public required bool MeetsSlo { get; init; }

    /// <summary>Sentences on why this one.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Sentences on what would change it.</summary>
    public required IReadOnlyList<string> WouldChange { get; init; }

    /// <summary>What to measure on real GPUs first, and the bands to expect.</summary>
    public required IReadOnlyList<VerificationStep> Verification { get; init; }
}

/// <summary>A configuration to run for real, and what the prediction says about it.</summary>
/// <param name="Candidate">Its number.</param>
/// <param name="Why">What measuring it would decide.</param>
/// <param name="Bands">Name of a measure and the band in which its measured value is expected in nine of ten cases.</param>
public sealed record VerificationStep(int Candidate, string Why, IReadOnlyList<KeyValuePair<string, Interval>> Bands);
