namespace Foretoken.Tuning.Results;

/// <summary>A number with its doubt: the estimate and the ends of its 90 % interval, NaN where nothing is known of it.</summary>
public readonly record struct Interval(double Value, double Low, double High)
{
    /// <summary>A number without any doubt.</summary>
    public static Interval Exact(double value) => new(value, value, value);
}
