using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Twin.Scenarios.Description;

namespace Foretoken.Twin.Deployments;

/// <summary>What vLLM's API server chooses by its release and the GPU (EngineArgs, SchedulerConfig, CacheConfig, CudaPlatform).</summary>
public static class VllmDefaults
{
    private const long GiB = 1L << 30;

    /// <summary>Where the defaults of a release were read.</summary>
    public static string Source(EngineVersion version) =>
        version.IsBefore(0, 8, 5) ? "vLLM v0.8.4 (arg_utils.py)"
        : version.IsBefore(0, 9) ? "vLLM of May 2025, before v0.9 (arg_utils.py)"
        : version.IsBefore(0, 10) ? "vLLM v0.9.0 (arg_utils.py)"
        : version.IsBefore(0, 11) ? "vLLM v0.10.1 (arg_utils.py)"
        : VllmFields.VllmDefaults;

    /// <summary><c>max_num_seqs</c> and <c>max_num_batched_tokens</c> before they are fitted to the model's length, with the rule in words.</summary>
    /// <param name="version">vLLM's release.</param>
    /// <param name="gpuMemory">Memory of one GPU, bytes.</param>
    /// <param name="gpuName">The GPU, empty when only its memory is known: before v0.8.5 its name decides, since v0.9 an A100 is an exception.</param>
    public static (int MaxNumSeqs, int MaxNumBatchedTokens, string Rule) Batch(EngineVersion version, long gpuMemory, string gpuName)
    {
        if (version.IsBefore(0, 8, 5) && gpuName.Length > 0)
        {
            return IsHopper(gpuName) ? (1024, 8_192, "vLLM's default for an H100 or H200 before v0.8.5 (vllm PR #12369)")
                : (256, 2_048, "vLLM's default for any GPU but an H100 or H200 before v0.8.5 (vllm PR #12369)");
        }

        if (gpuMemory < 70 * GiB)
        {
            return (256, 2_048, "vLLM's default for a GPU below 70 GiB");
        }

        if (gpuName.Contains("a100", StringComparison.OrdinalIgnoreCase) && !version.IsBefore(0, 9))
        {
            return (256, 2_048, "vLLM's default for an A100 since v0.9 (vllm PR #17885)");
        }

        return gpuMemory >= 160 * GiB && !version.IsBefore(0, 28)
            ? (1024, 16_384, "vLLM's default for a GPU of 160 GiB or more, since v0.28")
            : (1024, 8_192, version.IsBefore(0, 8, 5) ? "vLLM's default for an H100 or H200, for which 70 GiB or more are taken" : "vLLM's default for a GPU of 70 GiB or more");
    }

    /// <summary>Whether the token budget's default is at most <c>max_num_seqs</c> longest sequences: not in v0.10.1, in the sources of August 2026.</summary>
    public static bool CapsTokens(EngineVersion version) => !version.IsBefore(0, 11);

    /// <summary>Whether the default of <c>max_num_seqs</c> is at most the token budget: in v0.10.1, not in v0.9.0.</summary>
    public static bool CapsSequences(EngineVersion version) => !version.IsBefore(0, 10);

    /// <summary>Whether prompts are cut whatever <c>enable_chunked_prefill</c> says: V1 up to and with v0.11.0 (vllm #18547, #20914).</summary>
    public static bool AlwaysChunks(EngineVersion version) => version.IsBefore(0, 11, 1);

    /// <summary><c>async_scheduling</c> without n-gram speculation.</summary>
    public static bool AsyncScheduling(EngineVersion version) => !version.IsBefore(0, 14);

    /// <summary><c>scheduler_reserve_full_isl</c>: before it was there, a request was admitted when its first chunk fitted.</summary>
    public static (bool Value, string From) ReserveFullIsl(EngineVersion version) => version.IsBefore(0, 19)
        ? (false, "vLLM before v0.19 admits a request when its first chunk fits (vllm PR #37307)")
        : (true, VllmFields.VllmDefaults);

    /// <summary><c>prefix_cache_retention_interval</c>; null keeps every block.</summary>
    public static (int? Value, string From) RetentionInterval(EngineVersion version) => version.IsBefore(0, 29)
        ? (null, "vLLM up to v0.28 keeps every block (vllm PR #52216)")
        : (0, VllmFields.VllmDefaults);

    /// <summary><c>block_size</c>: 16 on NVIDIA GPUs, more where the kernels for latent attention want it.</summary>
    /// <param name="version">vLLM's release.</param>
    /// <param name="model">The model; null when it is not known.</param>
    /// <param name="gpu">The GPU; null when it is not known.</param>
    public static (int Value, string From) BlockSize(EngineVersion version, ModelShape? model, Gpu? gpu)
    {
        if (version.IsBefore(0, 11, 1) && gpu is not null && model is not null && model.Layers.Any(l => l.Attention.Kind == AttentionKind.Latent))
        {
            if (IsHopper(gpu.Name))
            {
                return (64, "FlashMLA's, the default for latent attention on Hopper; vLLM v0.8.3 to v0.11.0 (platforms/cuda.py)");
            }

            if (!version.IsBefore(0, 10) && IsDatacentreBlackwell(gpu.Name))
            {
                return (128, "CUTLASS_MLA's, the default for latent attention on Blackwell; vLLM v0.10 and v0.11.0 (platforms/cuda.py)");
            }
        }

        return (VllmFields.BlockSize.Default, version.IsBefore(0, 11) ? "vLLM v0.8 to v0.11 on CUDA (platforms/cuda.py)" : VllmFields.VllmDefaults);
    }

    /// <summary>H100, H200 and GH200 by their names, as vLLM itself tells them apart.</summary>
    internal static bool IsHopper(string gpuName) => gpuName.Contains("h100", StringComparison.OrdinalIgnoreCase) || gpuName.Contains("h200", StringComparison.OrdinalIgnoreCase);

    private static bool IsDatacentreBlackwell(string gpuName) => gpuName.Contains("b200", StringComparison.OrdinalIgnoreCase) || gpuName.Contains("b300", StringComparison.OrdinalIgnoreCase);
}
