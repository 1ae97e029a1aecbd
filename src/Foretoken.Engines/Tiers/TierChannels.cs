using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>Channels that live through time together, because the end of a transfer in one may start the next in another.</summary>
internal sealed class TierChannels(params IReadOnlyList<TierChannel> channels)
{
    /// <summary>A time before which none of the transfers under way ends; <see cref="SimTime.Never"/> when there is none.</summary>
    public SimTime Next
    {
        get
        {
            var next = SimTime.Never;
            foreach (var channel in channels)
            {
                next = SimTime.Min(next, channel.Next);
            }

            return next;
        }
    }

    /// <summary>Lives through every end up to and including <paramref name="now"/>, in order of time, then of the channels.</summary>
    public void AdvanceTo(SimTime now)
    {
        for (var next = Next; next <= now; next = Next)
        {
            foreach (var channel in channels)
            {
                channel.AdvanceTo(next);
            }
        }

        foreach (var channel in channels)
        {
            channel.AdvanceTo(now);
        }
    }
}
