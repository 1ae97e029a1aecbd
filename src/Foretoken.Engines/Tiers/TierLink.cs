using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>One direction of a connection between two places that hold KV, such as GPU memory and the host's.</summary>
/// <param name="BytesPerSecond">What all transfers of this direction share; null for no limit.</param>
/// <param name="FirstByte">Time from the start of a transfer until its first byte moves; it takes no bandwidth meanwhile.</param>
public readonly record struct TierLink(long? BytesPerSecond, SimDuration FirstByte)
{
    /// <summary>A connection that takes no time.</summary>
    public static readonly TierLink Instant = new(null, SimDuration.Zero);

    /// <summary>The least time that <paramref name="bytes"/> take with the connection to themselves, rounded up to nanoseconds.</summary>
    public SimDuration Least(long bytes) => BytesPerSecond is not { } rate
        ? FirstByte
        : FirstByte + new SimDuration((long)(((Int128)bytes * 1_000_000_000 + rate - 1) / rate));
}
