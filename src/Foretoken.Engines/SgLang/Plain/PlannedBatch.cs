using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A batch as it was launched; it does not change while it is in flight.</summary>
/// <param name="Mode">What it computes.</param>
/// <param name="Entries">Who takes part, in order.</param>
/// <param name="Chunked">The request whose prompt goes on after this batch, or null.</param>
internal sealed record PlannedBatch(BatchMode Mode, BatchEntry[] Entries, SgLangRequest? Chunked)
{
    /// <summary>HiCache: when the KV that was brought back for it is on the GPU.</summary>
    public SimTime LoadedAt { get; init; }

    /// <summary>HiCache: when memory is empty that it needs; it cannot start before.</summary>
    public SimTime EmptiedAt { get; init; }
}
