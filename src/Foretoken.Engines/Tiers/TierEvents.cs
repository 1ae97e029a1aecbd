namespace Foretoken.Engines.Tiers;

/// <summary>What happens to KV outside the GPU, as it is counted over time.</summary>
public enum TierEvent
{
    /// <summary>Tokens that a request did not compute because a tier below the GPU had them.</summary>
    HitTokens,

    /// <summary>Tokens whose KV was copied from the GPU to the host.</summary>
    StoredTokens,

    /// <summary>Tokens whose KV was copied from the host back to the GPU.</summary>
    LoadedTokens,

    /// <summary>Tokens that left the host to make room.</summary>
    EvictedTokens,

    /// <summary>Tokens copied from a tier below the host up to it.</summary>
    PromotedTokens,

    /// <summary>Tokens copied from the host down to a tier below it.</summary>
    DemotedTokens,
}
