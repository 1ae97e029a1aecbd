namespace Foretoken.Quantities;

/// <summary>
/// A point of virtual time: whole nanoseconds since the start of the run. <c>default</c> is the start.
/// Range: 0 to about 292 years; <see cref="Never"/> orders after every other time.
/// </summary>
public readonly struct SimTime(long nanoseconds) : IEquatable<SimTime>, IComparable<SimTime>
{
    /// <summary>The start of the run.</summary>
    public static readonly SimTime Zero;

    /// <summary>Later than every time that a run can reach: "nothing is planned".</summary>
    public static readonly SimTime Never = new(long.MaxValue);

    /// <summary>Nanoseconds since the start of the run.</summary>
    public long Nanoseconds { get; } = nanoseconds;

    /// <summary>Seconds since the start of the run, for display.</summary>
    public double TotalSeconds => Nanoseconds * 1e-9;

    /// <summary>Milliseconds since the start of the run, for display.</summary>
    public double TotalMilliseconds => Nanoseconds * 1e-6;

    /// <summary>The given number of seconds after the start, rounded to the nearest nanosecond (ties to even).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, not a number, or beyond the range.</exception>
    public static SimTime FromSeconds(double seconds) => new(SimDuration.FromSeconds(seconds).Nanoseconds);

    /// <summary>The earlier of two times.</summary>
    public static SimTime Min(SimTime a, SimTime b) => a.Nanoseconds <= b.Nanoseconds ? a : b;

    /// <summary>The later of two times.</summary>
    public static SimTime Max(SimTime a, SimTime b) => a.Nanoseconds >= b.Nanoseconds ? a : b;

    public static SimTime operator +(SimTime time, SimDuration duration) => new(checked(time.Nanoseconds + duration.Nanoseconds));

    public static SimTime operator -(SimTime time, SimDuration duration) => new(checked(time.Nanoseconds - duration.Nanoseconds));

    public static SimDuration operator -(SimTime later, SimTime earlier) => new(checked(later.Nanoseconds - earlier.Nanoseconds));

    public static bool operator ==(SimTime a, SimTime b) => a.Nanoseconds == b.Nanoseconds;

    public static bool operator !=(SimTime a, SimTime b) => a.Nanoseconds != b.Nanoseconds;

    public static bool operator <(SimTime a, SimTime b) => a.Nanoseconds < b.Nanoseconds;

    public static bool operator >(SimTime a, SimTime b) => a.Nanoseconds > b.Nanoseconds;

    public static bool operator <=(SimTime a, SimTime b) => a.Nanoseconds <= b.Nanoseconds;

    public static bool operator >=(SimTime a, SimTime b) => a.Nanoseconds >= b.Nanoseconds;

    /// <inheritdoc />
    public bool Equals(SimTime other) => Nanoseconds == other.Nanoseconds;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is SimTime other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => Nanoseconds.GetHashCode();

    /// <inheritdoc />
    public int CompareTo(SimTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>The time in seconds with all its digits, for example <c>12.000000345s</c>, or <c>never</c>.</summary>
    public override string ToString() => this == Never ? "never" : new SimDuration(Nanoseconds).ToString();
}
