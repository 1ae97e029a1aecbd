namespace Foretoken.Engines.Vllm.Plain;

/// <summary>One KV cache block of the pool. Its links make it a member of the free queue and of the list of equal content.</summary>
internal sealed class KvBlock(int id)
{
    /// <summary>Value of <see cref="Key"/> for a block whose content nobody can hit.</summary>
    public const int Unhashed = 0;

    /// <summary>Block number; 0 is the null block.</summary>
    public int Id { get; } = id;

    /// <summary>Requests that hold it. Not kept for the null block.</summary>
    public int References { get; set; }

    /// <summary>What it holds, as a chained content key (see <see cref="Content.ContentTable"/>), or <see cref="Unhashed"/>.</summary>
    public int Key { get; set; }

    /// <summary>Node of the prefix tree that its content belongs to, or -1; meaningful only with a key.</summary>
    public int Node { get; set; } = -1;

    /// <summary>Which block of the sequence it is; meaningful only with a node.</summary>
    public int Place { get; set; }

    /// <summary>KV cache group that registered it; meaningful only with a key.</summary>
    public int Group { get; set; }

    /// <summary>The null block stands for "no block here" in a table and is never freed.</summary>
    public bool IsNull => Id == 0;

    // Free queue.
    public KvBlock? FreeBefore { get; set; }

    public KvBlock? FreeAfter { get; set; }

    // Blocks of one group with the same key, in order of registration.
    public KvBlock? TwinBefore { get; set; }

    public KvBlock? TwinAfter { get; set; }
}
