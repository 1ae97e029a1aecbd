namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// Consecutive KV blocks [Low, High) of one sequence that have a hash, belong to one node, are held by the same number of
/// requests and, when held by none, lie side by side in the eviction order (highest block first, as vLLM frees a sequence
/// from its end). Numbers are block indices within the sequence; no physical ids exist in the fast engine.
/// </summary>
internal struct Piece
{
    /// <summary>Tree node; ~slot for a request's private content; <see cref="FastKvCache.Dead"/> for content nobody can ask for again.</summary>
    public int Node;
    public int Low;
    public int High;

    /// <summary>Requests that hold it; 0: in the eviction list.</summary>
    public int Holders;

    /// <summary>Neighbours in the eviction list, -1 at its ends.</summary>
    public int Older;
    public int Newer;

    /// <summary>Next piece of the same node in order of registration, -1 at the end.</summary>
    public int NextOfNode;

    /// <summary>The piece that was split off above this one; a holder of the undivided piece goes on there.</summary>
    public int Above;
}
