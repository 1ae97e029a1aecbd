namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>What a prompt's full blocks would find in the cache (PrefixReuseSummary).</summary>
/// <param name="Blocks">Stored blocks from the start.</param>
/// <param name="HeldBlocks">Those of them that the request would share and somebody holds, so that they take no free block.</param>
/// <param name="FirstNew">Key of the first block that is not stored; null when all are (or there are none).</param>
internal readonly record struct PrefixReuse(int Blocks, int HeldBlocks, int? FirstNew);
