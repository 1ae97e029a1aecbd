using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Tuning.Space;

/// <summary>A point of the space that can exist: a validated scenario.</summary>
public sealed record Candidate
{
    /// <summary>Index per dimension; canonical.</summary>
    public required int[] Point { get; init; }

    /// <summary>What it chose.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Knobs { get; init; }

    /// <summary>Hash over every resolved value: points with equal keys are the same deployment.</summary>
    public required string Key { get; init; }

    /// <summary>The scenario as a tree, without the study's own section.</summary>
    public required ConfigNode Document { get; init; }

    /// <summary>The validated scenario.</summary>
    public required ScenarioModel Model { get; init; }

    /// <summary>Every value with where it came from.</summary>
    public required Bound Bound { get; init; }

    /// <summary>GPUs when the run begins.</summary>
    public required int Gpus { get; init; }

    /// <summary>Price of those GPUs for an hour, US dollars; NaN when a price is not known.</summary>
    public required double HourPrice { get; init; }

    /// <summary>One line for people.</summary>
    public required string Title { get; init; }
}
