using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>Bytes on their way through a <see cref="TierChannel"/>.</summary>
internal abstract class TierTransfer(long bytes)
{
    /// <summary>What is moved.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>When it was given to the channel.</summary>
    public SimTime Started { get; set; }

    /// <summary>Given up: it ends all the same, and nobody is told.</summary>
    public bool Cancelled { get; set; }

    /// <summary>The last byte is there. May start further transfers at <paramref name="now"/>.</summary>
    public abstract void Finish(SimTime now);
}
