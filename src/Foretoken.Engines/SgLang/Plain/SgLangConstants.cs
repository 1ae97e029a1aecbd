namespace Foretoken.Engines.SgLang.Plain;

/// <summary>Constants of SGLang's scheduler, under its own names.</summary>
internal static class SgLangConstants
{
    /// <summary>Most output tokens that admission reserves for a request.</summary>
    public const int ClipMaxNewTokens = 4096;

    /// <summary>New-token ratio at start, before conservativeness.</summary>
    public const double InitNewTokenRatio = 0.7;

    /// <summary>The least ratio as a share of the initial one.</summary>
    public const double MinNewTokenRatioFactor = 0.14;

    /// <summary>Decode steps from the initial ratio to the least.</summary>
    public const int NewTokenRatioDecaySteps = 600;

    /// <summary>Decode steps that a retraction makes room for.</summary>
    public const int RetractDecodeSteps = 20;

    /// <summary>Matches in the tree up to this long are looked for among the waiting requests too.</summary>
    public const int InBatchPrefixCachingCheckThreshold = 32;

    /// <summary>A request that shares this much with one ahead of it is put behind.</summary>
    public const int InBatchPrefixCachingDeprioritizeThreshold = 32;

    /// <summary>With more requests waiting, lpm falls back to fcfs.</summary>
    public const int LpmQueueMax = 128;

    /// <summary>Decode side of a hand-off: tokens kept free for the next steps of everybody who is there (SGLANG_NUM_RESERVED_DECODE_TOKENS).</summary>
    public const int NumReservedDecodeTokens = 512;

    /// <summary>HiCache: shorter matches in host memory are computed anew (load_back_threshold).</summary>
    public const int LoadBackThreshold = 10;
}
