namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// A node of the radix tree: pages [Low, High) of the sequences that pass through it. Their content is named by the workload's
/// prefix tree as far as that knows it, and after that belongs to the one request that inserted it.
/// </summary>
internal struct RadixPiece
{
    /// <summary>The piece above; the next free piece where this one is free.</summary>
    public int Parent;
    public int Low;
    public int High;

    /// <summary>Pages from the start whose content the prefix tree names, for the request that inserted it; may lie before Low or after High.</summary>
    public int Known;

    /// <summary>Prefix tree node of page Low; -1 when that page is private.</summary>
    public int Head;

    /// <summary>Prefix tree node of the last known page in the piece.</summary>
    public int Tail;

    /// <summary>Slot of the request that inserted it, and which of the requests of that slot it was.</summary>
    public int OwnerSlot;
    public int OwnerLife;

    /// <summary>Requests whose cached prefix ends here or below.</summary>
    public int Locks;

    /// <summary>Pieces below with their KV on the GPU: all of them without host memory.</summary>
    public int Children;

    /// <summary>Pieces below with their KV in host memory only.</summary>
    public int HostChildren;

    /// <summary>Times that it was inserted or met by an insertion while it was on the GPU; counted with host memory only.</summary>
    public int Hits;

    /// <summary>Its KV has a place in host memory.</summary>
    public bool OnHost;

    /// <summary>Its KV is not on the GPU; then nothing below it is.</summary>
    public bool HostOnly;

    /// <summary>The piece below whose first page has the same prefix tree node (or private owner) as the last page here; -1 for none.</summary>
    public int Continuation;

    /// <summary>When it was last walked over.</summary>
    public long Touched;

    /// <summary>Whether the queue of leaves has an entry for it.</summary>
    public bool Queued;

    /// <summary>Whether the queue of leaves in host memory has an entry for it.</summary>
    public bool HostQueued;
}
