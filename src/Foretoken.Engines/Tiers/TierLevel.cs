namespace Foretoken.Engines.Tiers;

/// <summary>A tier behind the host: what is in it, and the way there and back.</summary>
internal sealed class TierLevel(KvHierarchyLevel settings, bool isShared = false)
{
    /// <summary>Whether other replicas have it too.</summary>
    public bool IsShared => isShared;

    /// <summary>What is in it.</summary>
    public TierStore Store { get; } = new(settings.Blocks);

    /// <summary>Host to it.</summary>
    public TierChannel Write { get; } = new(settings.Write, oneByOne: false);

    /// <summary>It to the host.</summary>
    public TierChannel Read { get; } = new(settings.Read, oneByOne: false);
}
