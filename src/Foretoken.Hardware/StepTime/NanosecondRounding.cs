using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime;

/// <summary>Milliseconds to whole nanoseconds exactly as <see cref="SimDuration.FromMilliseconds"/> does it, one or four at a time; at least 1 ns.</summary>
public static class NanosecondRounding
{
    // Adding 1.5 * 2^52 leaves the nearest whole number (ties to even) in the low bits of the sum.
    private const double Shift = 6755399441055744.0;

    /// <summary>One duration.</summary>
    public static long Round(double milliseconds) => Math.Max(1, SimDuration.FromMilliseconds(milliseconds).Nanoseconds);

    /// <summary>Four durations, each of at most 26 days (2^51 ns).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> RoundFour(Vector256<double> milliseconds)
    {
        var nanoseconds = milliseconds * Vector256.Create(1e6);
        var whole = (nanoseconds + Vector256.Create(Shift)).AsInt64() - Vector256.Create(Shift).AsInt64();
        return Vector256.Max(whole, Vector256<long>.One);
    }
}
