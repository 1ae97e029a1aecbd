namespace Foretoken.Engines.Vllm.Fast;

/// <summary>Result of a prefix lookup.</summary>
/// <param name="Blocks">Blocks found, from the start.</param>
/// <param name="FreeBlocks">How many of them no request holds: they would leave the free blocks.</param>
/// <param name="Copies">Whether some content on the way exists in several copies (then evictions may change the answer in either direction).</param>
internal readonly record struct CacheHit(int Blocks, int FreeBlocks, bool Copies);
