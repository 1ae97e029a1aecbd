namespace Foretoken.Engines.SgLang;

/// <summary>When HiCache copies KV to the host (<c>hicache_write_policy</c>).</summary>
public enum SgLangWritePolicy
{
    /// <summary>As soon as it enters the radix tree.</summary>
    WriteThrough,

    /// <summary>When it is inserted or met for the second time.</summary>
    WriteThroughSelective,

    /// <summary>When it is evicted from the GPU, which waits for it.</summary>
    WriteBack,
}
