using Foretoken.Quantities;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>A stretch of a benchmark: a number of requests, when they are due, and how many may be in flight.</summary>
public sealed record ClientPhase
{
    /// <summary>Requests; more where <see cref="ClientArrivals.MinDuration"/> asks for more.</summary>
    public required int Requests { get; init; }

    /// <summary>When they are due, counted from the start of the phase.</summary>
    public ClientArrivals Arrivals { get; init; } = ClientArrivals.AtOnce;

    /// <summary>Most requests in flight; those that are due wait in order. Null: no cap.</summary>
    public int? MaxInFlight { get; init; }

    /// <summary>
    /// Whether requests that the cap held back are sent as soon as slots free up. Otherwise the schedule moves back by the time
    /// that was lost.
    /// </summary>
    public bool CatchesUp { get; init; } = true;

    /// <summary>Time between the end of the phase before and the start of this one.</summary>
    public SimDuration Pause { get; init; }

    /// <summary>Whether the tool's metrics leave the phase out.</summary>
    public bool WarmUp { get; init; }

    /// <summary>Whether every request repeats the very first prompt of the data set.</summary>
    public bool FirstPromptOnly { get; init; }

    /// <summary>Most answer tokens in this phase; null for no other limit than the prompt's own.</summary>
    public int? MaxOutputTokens { get; init; }
}
