namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A request's share of a batch.</summary>
/// <param name="Request">Whose.</param>
/// <param name="Start">Tokens with KV before it.</param>
/// <param name="End">Tokens with KV after it.</param>
/// <param name="Decodes">Whether the share is a decode step (in a decode batch or as a guest of a mixed one).</param>
/// <param name="Emits">Whether a token comes out: false for a chunk that is not a prompt's last.</param>
internal readonly record struct BatchEntry(SgLangRequest Request, int Start, int End, bool Decodes, bool Emits);
