namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A batch as it was launched; it does not change while it is in flight.</summary>
/// <param name="Mode">What it computes.</param>
/// <param name="Entries">Who takes part, in order.</param>
/// <param name="Chunked">The request whose prompt goes on after this batch, or null.</param>
internal sealed record PlannedBatch(BatchMode Mode, BatchEntry[] Entries, SgLangRequest? Chunked);
