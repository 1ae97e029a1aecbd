namespace Foretoken.Twin.Scenarios.Model;

/// <summary>
/// vLLM's batch defaults by memory of one GPU, for its API server (vllm/engine/arg_utils.py of 2026-08-17). An A100 gets
/// the small ones whatever its memory; there is no GPU catalogue yet that would tell.
/// </summary>
internal static class BatchDefaults
{
    private const long GiB = 1L << 30;

    public static (int MaxNumSeqs, int MaxNumBatchedTokens, string Rule) For(long gpuMemory) => gpuMemory switch
    {
        >= 160 * GiB => (1024, 16_384, "vLLM's default for a GPU of 160 GiB or more"),
        >= 70 * GiB => (1024, 8_192, "vLLM's default for a GPU of 70 GiB or more"),
        _ => (256, 2_048, "vLLM's default for a GPU below 70 GiB"),
    };
}
