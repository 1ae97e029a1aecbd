namespace Foretoken.Fleet.Routing;

/// <summary>Which columns of <see cref="RouterView"/> a policy reads, and which feedback it wants.</summary>
[Flags]
public enum RouterNeeds
{
    /// <summary>Only the list of candidates.</summary>
    None = 0,

    /// <summary>Requests in flight per worker.</summary>
    Requests = 1,

    /// <summary>Tokens in flight per worker.</summary>
    Tokens = 2,

    /// <summary>What workers said of themselves at the last poll: running, waiting, tokens, KV usage.</summary>
    Metrics = 4,

    /// <summary><see cref="IRoutingFeedback.FirstToken"/>.</summary>
    FirstTokens = 8,

    /// <summary><see cref="IRoutingFeedback.Ended"/>.</summary>
    Ends = 16,

    /// <summary><see cref="IRoutingFeedback.KvStored"/> and <see cref="IRoutingFeedback.KvRemoved"/>.</summary>
    KvEvents = 32,

    /// <summary><see cref="IRoutingFeedback.KvTierStored"/> and <see cref="IRoutingFeedback.KvTierRemoved"/>, beside <see cref="KvEvents"/>.</summary>
    KvTierEvents = 64,
}
