namespace Foretoken.Hardware.Memory;

/// <summary>SGLang's own choice of <c>cuda_graph_max_bs</c>, by release.</summary>
public static class SgLangCudaGraphs
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    /// <summary>The largest decode batch in a CUDA graph; more with four ranks or more.</summary>
    /// <param name="version">SGLang's release.</param>
    /// <param name="gpuMemory">Memory of one GPU, bytes.</param>
    /// <param name="layout">Parallel layout: SGLang's tp_size is tensor parallelism times attention data parallelism.</param>
    public static int MaxBs(EngineVersion version, long gpuMemory, ParallelLayout layout)
    {
        var few = TpSize(layout) < 4;
        if (!version.IsBefore(0, 5, 3))
        {
            return gpuMemory switch
            {
                >= 160 * GiB => 512,
                >= 60 * GiB => few ? 256 : 512,
                >= 35 * GiB => few ? 32 : 160,
                >= 20 * GiB => few ? 24 : 80,
                _ => 8,
            };
        }

        if (!version.IsBefore(0, 4, 7))
        {
            return gpuMemory switch
            {
                < 35 * GiB => few ? 8 : 80,
                > 180_000 * MiB => 512,
                > 96 * GiB => 256,
                _ => 160,
            };
        }

        var most = version.IsBefore(0, 4, 1) && layout.AttentionDataParallel > 1 ? 96 : int.MaxValue;
        return gpuMemory switch
        {
            < 25_000 * MiB => few || version.IsBefore(0, 4, 1) ? 8 : 80,
            > 80 * GiB when !version.IsBefore(0, 4, 6) && layout.AttentionDataParallel == 1 => 256,
            _ => Math.Min(160, most),
        };
    }

    /// <summary>Where the rule of a release was read.</summary>
    public static string Source(EngineVersion version) =>
        !version.IsBefore(0, 5, 3) ? "SGLang since v0.5.3 (ServerArgs, sglang PR #10372, #10975)"
        : !version.IsBefore(0, 4, 7) ? "SGLang v0.4.7 to v0.5.2 (server_args.py, get_batch_sizes_to_capture)"
        : !version.IsBefore(0, 4, 6) ? "SGLang v0.4.6 (get_batch_sizes_to_capture; sglang PR #5893)"
        : "SGLang v0.4.0 to v0.4.5 (server_args.py, sglang PR #2268)";

    /// <summary>SGLang's tp_size: every rank of a pipeline stage.</summary>
    internal static int TpSize(ParallelLayout layout) => layout.TensorParallel * layout.AttentionDataParallel;
}
