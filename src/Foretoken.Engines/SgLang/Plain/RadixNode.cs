namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A node of the radix tree: a run of pages below its parent's.</summary>
internal sealed class RadixNode(RadixNode? parent, int[] pages, long touched)
{
    /// <summary>The node above; null only for the root.</summary>
    public RadixNode? Parent { get; set; } = parent;

    /// <summary>Content keys of its pages; never empty but for the root.</summary>
    public int[] Pages { get; set; } = pages;

    /// <summary>Which page of the sequence its first one is.</summary>
    public int First { get; set; }

    /// <summary>Nodes of the workload's prefix tree that its pages belong to, -1 for private ones; null when nobody asks.</summary>
    public int[]? Owners { get; set; }

    /// <summary>Nodes below by their first page, in the order in which they were added (dfs-weight is stable on it).</summary>
    public OrderedDictionary<int, RadixNode> Children { get; } = [];

    /// <summary>Requests whose cached prefix ends here or below.</summary>
    public int Locks { get; set; }

    /// <summary>When it was last walked over; the least is evicted first.</summary>
    public long Touched { get; set; } = touched;

    /// <summary>Place in the list of evictable leaves, or -1.</summary>
    public int Leaf { get; set; } = -1;

    /// <summary>HiCache: what is known of it outside the GPU; null without HiCache.</summary>
    public HostShare? Host { get; set; }
}
