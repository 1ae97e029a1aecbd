namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>A KV block: memory, and while it is stored, a node of the tree of contents (KVCacheBlock).</summary>
internal sealed class KvBlock(int id)
{
    public int Id { get; } = id;

    /// <summary>Requests that hold it.</summary>
    public int References { get; set; }

    /// <summary>References left in the capacity scheduler's thoughts; valid while it plans.</summary>
    public int SchedulingReferences { get; set; }

    /// <summary>Lower is evicted first.</summary>
    public int Priority { get; set; } = TrtLlmSettings.DefaultRetentionPriority;

    /// <summary>Node above it in the tree; null when it is not stored (and for the root).</summary>
    public KvBlock? Parent { get; set; }

    /// <summary>Full blocks below it by content key; null before the first. Most blocks never have any.</summary>
    public Dictionary<int, KvBlock>? Full { get; set; }

    /// <summary>Blocks below it that are not full, in the order in which they came; null before the first.</summary>
    public List<KvBlock>? Partial { get; set; }

    /// <summary>Content key, of a full block.</summary>
    public int Key { get; set; }

    /// <summary>Tokens stored in it.</summary>
    public int Filled { get; set; }

    /// <summary>Whose tokens they are, for comparing single tokens.</summary>
    public TrtLlmRequest? Owner { get; set; }

    public KvBlock? FreeBefore { get; set; }

    public KvBlock? FreeAfter { get; set; }

    public bool IsLeaf => Full is not { Count: > 0 } && Partial is not { Count: > 0 };
}
