using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>A point of the space that can exist: a validated scenario.</summary>
public sealed record Candidate
{
    private string? _system;
    private string? _layout;

    /// <summary>Index per dimension; canonical.</summary>
    public required int[] Point { get; init; }

    /// <summary>What it chose.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Knobs { get; init; }

    /// <summary>Hash over every resolved value: points with equal keys are the same deployment.</summary>
    public required string Key { get; init; }

    /// <summary>The scenario behind it, which takes most of the memory.</summary>
    public required CandidateScenario Scenario { get; init; }

    /// <summary>The scenario as a tree, without the study's own section.</summary>
    public ConfigNode Document => Scenario.Now.Document;

    /// <summary>The validated scenario.</summary>
    public ScenarioModel Model => Scenario.Now.Model;

    /// <summary>Every value with where it came from.</summary>
    public Bound Bound => Scenario.Now.Bound;

    /// <summary>GPUs when the run begins.</summary>
    public required int Gpus { get; init; }

    /// <summary>Price of those GPUs for an hour, US dollars; NaN when a price is not known.</summary>
    public required double HourPrice { get; init; }

    /// <summary>What an hour of each kind of its GPUs costs; those without a price are left out.</summary>
    public required IReadOnlyList<CandidatePrice> Prices { get; init; }

    /// <summary>What its pools run on, one entry per pool.</summary>
    public required IReadOnlyList<CandidateSystem> Systems { get; init; }

    /// <summary>Whether its number of replicas changes while it runs.</summary>
    public required bool Changes { get; init; }

    /// <summary>GPUs and engines in a line: what shares a part of its step-time errors.</summary>
    public string System => _system ??= string.Join(" + ", Systems.Select(s => $"{s.Gpu} {s.Engine}").Distinct().Order(StringComparer.Ordinal));

    /// <summary>Those and the layouts: what shares all of its step-time errors.</summary>
    public string Layout => _layout ??= string.Join(" + ", Systems.Select(s => $"{s.Gpu} {s.Engine} {s.Layout}").Distinct().Order(StringComparer.Ordinal));

    /// <summary>Name of its router's policy; empty where there is nothing to choose.</summary>
    public required string Router { get; init; }

    /// <summary>One line for people.</summary>
    public required string Title { get; init; }
}

/// <summary>What a pool runs on.</summary>
/// <param name="Gpu">Name of the GPU; null where the scenario gives step times without one.</param>
/// <param name="Engine">Name of the engine.</param>
/// <param name="Layout">What else its steps are predicted from: role, parallel layout, formats of weights and KV cache.</param>
public sealed record CandidateSystem(string? Gpu, string Engine, string Layout);

/// <summary>The price of a GPU that a candidate uses.</summary>
/// <param name="Gpu">The GPU's name.</param>
/// <param name="PerHour">US dollars for an hour.</param>
/// <param name="Source">Where the figure is from.</param>
public sealed record CandidatePrice(string Gpu, double PerHour, string Source);
