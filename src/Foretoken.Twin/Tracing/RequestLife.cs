using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Tracing;

/// <summary>One request's whole life, and where its time went.</summary>
public sealed record RequestLife
{
    /// <summary>Its number in the run.</summary>
    public required int Index { get; init; }

    /// <summary>When its client sent it.</summary>
    public required SimTime Arrival { get; init; }

    /// <summary>Prompt tokens.</summary>
    public required int InputTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>The replica that had it last.</summary>
    public required int Worker { get; init; }

    /// <summary>How it ended.</summary>
    public required RequestOutcome Outcome { get; init; }

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<LifeEvent> Events { get; init; }

    /// <summary>From its client's send to its client's receipt of the first token; null when there was none.</summary>
    public required SimDuration? TimeToFirstToken { get; init; }

    /// <summary>Where that time went: adds up to it exactly. Empty when there was no token.</summary>
    public required IReadOnlyList<PhaseTime> FirstTokenPhases { get; init; }

    /// <summary>From its client's send to the receipt of its last token; to its end when it was not answered.</summary>
    public required SimDuration Latency { get; init; }

    /// <summary>Where that time went: adds up to it exactly.</summary>
    public required IReadOnlyList<PhaseTime> Phases { get; init; }
}
