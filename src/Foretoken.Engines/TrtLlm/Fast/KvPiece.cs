using Foretoken.Engines.TrtLlm.Plain;

namespace Foretoken.Engines.TrtLlm.Fast;

/// <summary>
/// Consecutive KV blocks [Low, High) of one sequence with one priority that are held by the same requests and, when held by
/// nobody, lie side by side in their eviction queue, highest block first, as a sequence gives them back. Stored ones are a node of
/// the tree of contents; others are only memory.
/// </summary>
internal struct KvPiece
{
    /// <summary>Whose tokens they are, for comparing; null when they are not stored.</summary>
    public TrtLlmRequest? Owner;

    public int Low;
    public int High;

    /// <summary>Requests that hold it; 0: in the eviction queue.</summary>
    public int Holders;

    /// <summary>Holders left in the capacity scheduler's thoughts; valid for the plan <see cref="ThoughtIn"/>.</summary>
    public int ThoughtHolders;
    public int ThoughtIn;

    /// <summary>Retention priority of every block.</summary>
    public int Priority;

    /// <summary>Tokens stored in its only block when that is not full, else 0.</summary>
    public int Filled;

    /// <summary>Blocks that were stored before block <see cref="Low"/>; the next block came right after it.</summary>
    public long Age;

    /// <summary>Piece above it in the tree, -1 when it is not stored.</summary>
    public int Parent;

    /// <summary>The pieces right below its last block, in no order.</summary>
    public int FirstChild;
    public int NextSibling;
    public int SiblingBefore;

    /// <summary>What its first token is, as far as an index can tell: only siblings with the same mark can begin alike.</summary>
    public int Mark;
    public int NextAlike;

    /// <summary>The piece that was split off below this one; a holder of the undivided piece goes on there.</summary>
    public int Below;

    /// <summary>Neighbours in the eviction queue, -1 at its ends. <see cref="Newer"/> also links the pieces out of use.</summary>
    public int Older;
    public int Newer;

    /// <summary>Blocks.</summary>
    public readonly int Size => High - Low;

    /// <summary>Whether it is in the tree.</summary>
    public readonly bool IsStored => Parent >= 0;
}
