using Foretoken.Engines.Content;

namespace Foretoken.Engines.Tiers;

/// <summary>
/// A remote store that the replicas of a run have together, with its bandwidth. Given to each of them; the run moves them on in
/// the order of time, so that what one stores is there for another from the moment on when its last byte arrived.
/// </summary>
public sealed class SharedTier
{
    /// <summary>An empty store.</summary>
    public SharedTier(KvHierarchyLevel settings)
    {
        Level = new TierLevel(settings, isShared: true);
    }

    internal TierLevel Level { get; }

    /// <summary>Names of contents that mean the same to all.</summary>
    internal ContentTable Contents { get; } = new();
}
