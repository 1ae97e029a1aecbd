using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>What one tier below the GPU did for a replica. Tokens, all ranks together; bytes are one GPU's share.</summary>
public sealed record TierUse
{
    /// <summary>What it is called: <c>host</c>, <c>disk</c>, <c>remote</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Tokens that it can hold; null for no limit.</summary>
    public long? CapacityTokens { get; set; }

    /// <summary>Most tokens in it at any time.</summary>
    public long PeakTokens { get; set; }

    /// <summary>Tokens that requests did not compute because they were found here.</summary>
    public long HitTokens { get; set; }

    /// <summary>Tokens copied into it.</summary>
    public long WrittenTokens { get; set; }

    /// <summary>Tokens copied out of it.</summary>
    public long ReadTokens { get; set; }

    /// <summary>Tokens that left it to make room.</summary>
    public long EvictedTokens { get; set; }

    /// <summary>Bytes copied into it, one GPU's share.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>Bytes copied out of it, one GPU's share.</summary>
    public long ReadBytes { get; set; }

    /// <summary>Time during which something was being copied into it.</summary>
    public SimDuration WriteTime { get; set; }

    /// <summary>Time during which something was being copied out of it.</summary>
    public SimDuration ReadTime { get; set; }
}
