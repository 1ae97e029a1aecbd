using Foretoken.Hardware.Memory;

namespace Foretoken.Twin.Deployments;

/// <summary>What vLLM's API server chooses by its release and the GPU (EngineArgs.get_batch_defaults, CacheConfig).</summary>
public static class VllmDefaults
{
    private const long GiB = 1L << 30;

    /// <summary><c>max_num_seqs</c> and <c>max_num_batched_tokens</c> before they are fitted to the model's length, with the rule in words.</summary>
    /// <param name="version">vLLM's release.</param>
    /// <param name="gpuMemory">Memory of one GPU, bytes.</param>
    /// <param name="gpuName">The GPU: an A100 gets the small ones since v0.9 (vllm PR #17885).</param>
    public static (int MaxNumSeqs, int MaxNumBatchedTokens, string Rule) Batch(EngineVersion version, long gpuMemory, string gpuName)
    {
        var small = gpuMemory < 70 * GiB || (gpuName.Contains("a100", StringComparison.OrdinalIgnoreCase) && !version.IsBefore(0, 9));
        if (small)
        {
            return (256, 2_048, gpuMemory < 70 * GiB ? "vLLM's default for a GPU below 70 GiB" : "vLLM's default for an A100");
        }

        return gpuMemory >= 160 * GiB && !version.IsBefore(0, 28)
            ? (1024, 16_384, "vLLM's default for a GPU of 160 GiB or more, since v0.28")
            : (1024, 8_192, "vLLM's default for a GPU of 70 GiB or more");
    }
}
