namespace Foretoken.Engines.SgLang.Plain;

/// <summary>What HiCache keeps beside a node of the radix tree.</summary>
internal sealed class HostShare
{
    /// <summary>Whether its KV is in GPU memory. Nodes that are not have no children that are.</summary>
    public bool OnGpu { get; set; }

    /// <summary>Whether its KV has a place in the host pool.</summary>
    public bool OnHost { get; set; }

    /// <summary>Times that it was inserted or met by an insertion, as long as it was on the GPU.</summary>
    public int Hits { get; set; }

    /// <summary>Children on the GPU.</summary>
    public int ChildrenOnGpu { get; set; }

    /// <summary>Copies to or from the storage that need its place in the host pool.</summary>
    public int Holds { get; set; }

    /// <summary>Place in the list of nodes that can leave the host pool, or -1.</summary>
    public int HostLeaf { get; set; } = -1;
}
