namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>What an engine decided in one step and what its state was: everything that a replay compares.</summary>
public sealed record SgLangTracedStep
{
    /// <summary>Number of the step, from 0.</summary>
    public required int Step { get; init; }

    /// <summary><c>EXTEND</c>, <c>DECODE</c>, <c>MIXED</c>; null when nothing was run.</summary>
    public required string? Mode { get; init; }

    /// <summary>Requests of the batch, in order.</summary>
    public required IReadOnlyList<string> Requests { get; init; }

    /// <summary>What each of them computes, in a batch with prefills.</summary>
    public required IReadOnlyList<SgLangTracedExtend> Extends { get; init; }

    /// <summary>The request whose prompt goes on after the step, or null.</summary>
    public required string? Chunked { get; init; }

    /// <summary>Requests retracted while planning, in order.</summary>
    public required IReadOnlyList<string> Retracted { get; init; }

    /// <summary>Running batch after planning.</summary>
    public required IReadOnlyList<string> Running { get; init; }

    /// <summary>Waiting queue after planning.</summary>
    public required IReadOnlyList<string> Waiting { get; init; }

    /// <summary><c>batch_is_full</c> after planning.</summary>
    public required bool Full { get; init; }

    /// <summary>New-token ratio after planning. A recording has nine decimals of it.</summary>
    public required double Ratio { get; init; }

    /// <summary>Free tokens after planning.</summary>
    public required int Available { get; init; }

    /// <summary>Cached tokens that nobody holds, after planning.</summary>
    public required int Evictable { get; init; }

    /// <summary>Cached tokens that somebody holds, after planning.</summary>
    public required int Protected { get; init; }

    /// <summary>Requests that got a token from the result processed after planning; null when no result was processed.</summary>
    public required IReadOnlyList<string>? Output { get; init; }

    /// <summary>All requests that ended so far, by name.</summary>
    public required IReadOnlyList<string> Finished { get; init; }

    /// <summary>Free tokens after the result was processed.</summary>
    public required int AvailableAfter { get; init; }

    /// <summary>Cached tokens that nobody holds, after the result was processed.</summary>
    public required int EvictableAfter { get; init; }
}
