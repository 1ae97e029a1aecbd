using System.Globalization;

namespace Foretoken.Quantities;

/// <summary>A length of virtual time in whole nanoseconds. May be negative as a difference; <c>default</c> is zero.</summary>
public readonly struct SimDuration(long nanoseconds) : IEquatable<SimDuration>, IComparable<SimDuration>
{
    /// <summary>No time at all.</summary>
    public static readonly SimDuration Zero;

    /// <summary>Length in nanoseconds.</summary>
    public long Nanoseconds { get; } = nanoseconds;

    /// <summary>Length in seconds, for display.</summary>
    public double TotalSeconds => Nanoseconds * 1e-9;

    /// <summary>Length in milliseconds, for display.</summary>
    public double TotalMilliseconds => Nanoseconds * 1e-6;

    /// <summary>
    /// The one place where computed seconds become simulated time: nearest nanosecond, ties to even.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, not a number, or longer than about 292 years.</exception>
    public static SimDuration FromSeconds(double seconds) => FromNanoseconds(seconds * 1e9);

    /// <summary>As <see cref="FromSeconds"/>, from milliseconds (the unit of the step-time sources).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, not a number, or longer than about 292 years.</exception>
    public static SimDuration FromMilliseconds(double milliseconds) => FromNanoseconds(milliseconds * 1e6);

    /// <summary>Nearest whole nanosecond, ties to even.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, not a number, or longer than about 292 years.</exception>
    public static SimDuration FromNanoseconds(double nanoseconds)
    {
        // The comparison is written so that NaN fails it too.
        if (!(nanoseconds is >= 0 and < 9.2e18))
        {
            throw new ArgumentOutOfRangeException(nameof(nanoseconds), nanoseconds, "A duration must be a number from 0 to 9.2e18 ns.");
        }

        return new((long)Math.Round(nanoseconds));
    }

    public static SimDuration operator +(SimDuration a, SimDuration b) => new(checked(a.Nanoseconds + b.Nanoseconds));

    public static SimDuration operator -(SimDuration a, SimDuration b) => new(checked(a.Nanoseconds - b.Nanoseconds));

    public static SimDuration operator *(SimDuration a, long factor) => new(checked(a.Nanoseconds * factor));

    public static bool operator ==(SimDuration a, SimDuration b) => a.Nanoseconds == b.Nanoseconds;

    public static bool operator !=(SimDuration a, SimDuration b) => a.Nanoseconds != b.Nanoseconds;

    public static bool operator <(SimDuration a, SimDuration b) => a.Nanoseconds < b.Nanoseconds;

    public static bool operator >(SimDuration a, SimDuration b) => a.Nanoseconds > b.Nanoseconds;

    public static bool operator <=(SimDuration a, SimDuration b) => a.Nanoseconds <= b.Nanoseconds;

    public static bool operator >=(SimDuration a, SimDuration b) => a.Nanoseconds >= b.Nanoseconds;

    /// <inheritdoc />
    public bool Equals(SimDuration other) => Nanoseconds == other.Nanoseconds;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is SimDuration other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => Nanoseconds.GetHashCode();

    /// <inheritdoc />
    public int CompareTo(SimDuration other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Seconds with all nine digits, for example <c>0.016501420s</c>.</summary>
    public override string ToString() => ((decimal)Nanoseconds / 1_000_000_000m).ToString("0.000000000", CultureInfo.InvariantCulture) + "s";
}
