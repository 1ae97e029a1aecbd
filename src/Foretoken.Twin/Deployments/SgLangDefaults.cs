namespace Foretoken.Twin.Deployments;

/// <summary>What SGLang chooses by the memory of one GPU (ServerArgs of July 2026).</summary>
public static class SgLangDefaults
{
    private const long GiB = 1L << 30;

    /// <summary><c>chunked_prefill_size</c>, with the rule in words.</summary>
    public static (int Chunk, string Rule) ChunkedPrefillSize(long gpuMemory) => gpuMemory switch
    {
        >= 160 * GiB => (16384, "SGLang's default for a GPU of 160 GiB or more"),
        >= 60 * GiB => (8192, "SGLang's default for a GPU of 60 to 160 GiB"),
        >= 35 * GiB => (4096, "SGLang's default for a GPU of 35 to 60 GiB"),
        _ => (2048, "SGLang's default for a GPU below 35 GiB"),
    };

    /// <summary><c>max_running_requests</c>: 512 per pool full of longest requests, from 2048 to 4096, and at most half the pool's tokens.</summary>
    public static int MaxRunningRequests(int poolTokens, int contextLength) =>
        (int)Math.Min(Math.Clamp((long)((double)poolTokens / contextLength * 512), 2048, 4096), Math.Max(1, poolTokens / 2));
}
