namespace Foretoken.Workloads.Synthetic;

/// <summary>Which values make sense where a distribution stands.</summary>
/// <param name="Min">Smallest value allowed, and the default of <c>min</c>.</param>
/// <param name="Max">Largest value allowed, and the default of <c>max</c>.</param>
/// <param name="Whole">Whether values are rounded to whole numbers.</param>
/// <param name="Unit">What is counted, for messages.</param>
public sealed record ValueRange(double Min, double Max, bool Whole, string Unit)
{
    /// <summary>Token counts: 1 to 100 million.</summary>
    public static readonly ValueRange Tokens = new(1, 100_000_000, true, "tokens");

    /// <summary>Numbers of turns or calls: 1 to one million.</summary>
    public static readonly ValueRange Turns = new(1, 1_000_000, true, "turns");

    /// <summary>Shares of a whole: 0 to 1.</summary>
    public static readonly ValueRange Share = new(0, 1, false, "share");

    /// <summary>Times: 0 to 30 days, in seconds.</summary>
    public static readonly ValueRange Seconds = new(0, 30 * 86400.0, false, "seconds");
}
