namespace Foretoken.Workloads.Synthetic;

/// <summary>One row of a joint table of prompt and answer lengths.</summary>
public sealed record LengthPair
{
    /// <summary>Prompt tokens, at least 1.</summary>
    public required int Input { get; init; }

    /// <summary>Answer tokens, at least 1.</summary>
    public required int Output { get; init; }

    /// <summary>How often the pair comes, in any unit. At least 0, default 1.</summary>
    public double Weight { get; init; } = 1;
}
