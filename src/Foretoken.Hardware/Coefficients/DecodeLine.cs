using System.Runtime.Intrinsics;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Hardware.Coefficients;

/// <summary>A straight piece of attention time over the context of all requests.</summary>
/// <param name="Low">Time at its beginning, us.</param>
/// <param name="Rise">From its beginning to its end, us.</param>
/// <param name="From">Context tokens at its beginning.</param>
/// <param name="PerToken">One over its length.</param>
internal readonly record struct DecodeLine(double Low, double Rise, double From, double PerToken)
{
    /// <summary>
    /// Durations of consecutive steps on this line, four at a time: the same operations in the same order as for a single
    /// step, so the same bits.
    /// </summary>
    /// <param name="nanoseconds">Where they go.</param>
    /// <param name="at">Place of the first.</param>
    /// <param name="steps">Steps that are on the line.</param>
    /// <param name="context">Context tokens of the first.</param>
    /// <param name="requests">Decoding requests: tokens that each step adds.</param>
    /// <param name="constant">What does not depend on context, us.</param>
    /// <param name="host">As <see cref="StepCost.Host"/> says.</param>
    /// <param name="scale">Calibrated factor.</param>
    /// <returns>The place after the last: up to three steps are left.</returns>
    public int Fill(Span<long> nanoseconds, int at, int steps, long context, int requests, double constant, (double Added, double Least, double Always) host, double scale)
    {
        var contexts = Vector256.Create((double)context) + (Vector256.Create(0.0, 1, 2, 3) * Vector256.Create((double)requests));
        var stride = Vector256.Create(4.0 * requests);
        var (low, rise, from, perToken) = (Vector256.Create(Low), Vector256.Create(Rise), Vector256.Create(From), Vector256.Create(PerToken));
        var (fixedUs, added, least, always) = (Vector256.Create(constant), Vector256.Create(host.Added), Vector256.Create(host.Least), Vector256.Create(host.Always));
        var (factor, milli) = (Vector256.Create(scale), Vector256.Create(1e-3));
        for (; steps >= 4; steps -= 4, at += 4)
        {
            var gpu = fixedUs + (low + (rise * ((contexts - from) * perToken)));
            var us = Vector256.Max(gpu + added, least) + always;
            NanosecondRounding.RoundFour(us * factor * milli).CopyTo(nanoseconds[at..]);
            contexts += stride;
        }

        return at;
    }
}
