namespace Foretoken.Engines.SgLang;

/// <summary>When a request stops to wait for what is fetched for it out of the storage (<c>hicache_storage_prefetch_policy</c>).</summary>
public enum SgLangPrefetchPolicy
{
    /// <summary>As soon as it could be admitted: what has come by then is used.</summary>
    BestEffort,

    /// <summary>When all of it is there.</summary>
    WaitComplete,

    /// <summary>When all of it is there, or after a time that grows with its length.</summary>
    Timeout,
}
