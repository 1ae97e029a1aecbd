namespace Foretoken.Engines.SgLang.Plain;

/// <summary>What the tree knows of a sequence.</summary>
/// <param name="Tokens">Tokens from the start whose KV is on the GPU, whole pages.</param>
/// <param name="Node">Where those end; the root when there are none.</param>
internal readonly record struct PrefixMatch(int Tokens, RadixNode Node)
{
    /// <summary>HiCache: tokens behind them whose KV is in the host pool only.</summary>
    public int HostTokens { get; init; }

    /// <summary>HiCache: where those end; null where there are none.</summary>
    public RadixNode? HostNode { get; init; }
}
