namespace Foretoken.Engines.SgLang.Plain;

/// <summary>What the tree knows of a sequence.</summary>
/// <param name="Tokens">Tokens from the start, whole pages.</param>
/// <param name="Node">Where the match ends; the root when it is empty.</param>
internal readonly record struct PrefixMatch(int Tokens, RadixNode Node);
