namespace Foretoken.Engines.Vllm;

/// <summary>Layers that share one block table.</summary>
/// <param name="SlidingWindow">Window in tokens; null for full attention.</param>
public readonly record struct KvCacheGroup(int? SlidingWindow)
{
    /// <summary>Full attention.</summary>
    public static readonly KvCacheGroup Full;
}
