using Foretoken.Engines.Vllm;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>
/// How many KV blocks the longest request needs. A full-attention group holds every token; a sliding-window group at most
/// its admission cap, ceil(min(window - 1 + tokens in flight, length) / block_size) + 1.
/// </summary>
internal static class KvDemand
{
    /// <summary>Blocks that one request of <paramref name="tokens"/> tokens needs over all groups.</summary>
    public static long Blocks(VllmSettings settings, long tokens)
    {
        var inFlight = (settings.AsyncScheduling ? 2L : 1L) * settings.MaxNumBatchedTokens;
        var blocks = 0L;
        foreach (var group in settings.KvCacheGroups)
        {
            var whole = CeilingDivide(tokens, settings.BlockSize);
            blocks += group.SlidingWindow is { } window
                ? Math.Min(whole, CeilingDivide(Math.Min(window - 1 + inFlight, tokens), settings.BlockSize) + 1)
                : whole;
        }

        return blocks;
    }

    /// <summary>Most tokens of one request that the pool can hold; 0 when it cannot hold one.</summary>
    public static int LongestRequest(VllmSettings settings)
    {
        long fits = 0;
        var tooLong = ((long)settings.UsableBlocks * settings.BlockSize) + 1;
        while (tooLong - fits > 1)
        {
            var middle = fits + ((tooLong - fits) / 2);
            if (Blocks(settings, middle) <= settings.UsableBlocks)
            {
                fits = middle;
            }
            else
            {
                tooLong = middle;
            }
        }

        return (int)Math.Min(fits, int.MaxValue);
    }

    private static long CeilingDivide(long a, long b) => (a + b - 1) / b;
}
