namespace Foretoken.Hardware.Memory;

/// <summary>SGLang's own choice of <c>cuda_graph_max_bs</c>.</summary>
public static class SgLangCudaGraphs
{
    private const long GiB = 1L << 30;

    /// <summary>The largest decode batch in a CUDA graph, by the GPU's memory in bytes; more with four ranks or more.</summary>
    public static int MaxBs(long gpuMemory, int tensorParallel) => gpuMemory switch
    {
        >= 160 * GiB => 512,
        >= 60 * GiB => tensorParallel < 4 ? 256 : 512,
        >= 35 * GiB => tensorParallel < 4 ? 32 : 160,
        >= 20 * GiB => tensorParallel < 4 ? 24 : 80,
        _ => 8,
    };
}
