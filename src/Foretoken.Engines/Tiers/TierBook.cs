using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>What a replica writes down about KV outside the GPU: one entry per tier, the nearest first, and a timeline.</summary>
public sealed class TierBook
{
    private readonly List<TierUse> _tiers = [];

    /// <summary>The tiers, the nearest to the GPU first.</summary>
    public IReadOnlyList<TierUse> Tiers => _tiers;

    /// <summary>When what happened.</summary>
    public TierTimeline Timeline { get; } = new();

    /// <summary>Copies from the host to the GPU that requests waited for or that their steps overlapped with.</summary>
    public long Loads { get; set; }

    /// <summary>Sum of the times of those copies, from their start to their end.</summary>
    public SimDuration LoadTime { get; set; }

    /// <summary>Time by which steps were longer because KV was still on its way or memory was still being emptied.</summary>
    public SimDuration StallTime { get; set; }

    /// <summary>Loads that a waiting request could not start because the blocks were already on their way for another, or not there yet.</summary>
    public long Deferred { get; set; }

    /// <summary>Stores that were left out because nothing in the host could go.</summary>
    public long RefusedStores { get; set; }

    /// <summary>The tier of this name; a new one when there is none.</summary>
    public TierUse Tier(string name)
    {
        var tier = _tiers.Find(t => t.Name == name);
        if (tier is null)
        {
            tier = new TierUse { Name = name };
            _tiers.Add(tier);
        }

        return tier;
    }
}
