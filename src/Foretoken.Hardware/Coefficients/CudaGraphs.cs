using Foretoken.Hardware.Memory;

namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Batch sizes that an engine captures in CUDA graphs. A decode step runs the next larger one; above the largest the step
/// runs without a graph. vLLM: VllmConfig._set_cudagraph_sizes; SGLang: ServerArgs capture sizes, before v0.5.3
/// get_batch_sizes_to_capture; TensorRT-LLM: CudaGraphConfig with padding.
/// </summary>
internal sealed class CudaGraphs
{
    private readonly int[] _padded;

    private CudaGraphs(IEnumerable<int> sizes, int largest)
    {
        var all = sizes.Where(s => s < largest).Append(largest).Distinct().Order().ToArray();
        _padded = new int[largest + 1];
        var at = 0;
        for (var i = 0; i <= largest; i++)
        {
            while (all[at] < i)
            {
                at++;
            }

            _padded[i] = all[at];
        }
    }

    /// <summary>Largest captured size; 0 without graphs.</summary>
    public int Largest => _padded.Length - 1;

    /// <summary>Tokens that a decode step of so many computes; the same number where no graph is that large.</summary>
    public int Padded(int tokens) => tokens < _padded.Length ? _padded[tokens] : tokens;

    /// <summary>Whether a decode step of so many tokens replays a graph.</summary>
    public bool Covers(int tokens) => tokens < _padded.Length && tokens > 0;

    /// <summary>The sizes of an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="version">Its release: vLLM had a size for every 8 tokens up to and with v0.11.0 (67 graphs up to 512).</param>
    /// <param name="largest">Largest size.</param>
    public static CudaGraphs Of(EngineKind engine, EngineVersion version, int largest) => largest < 1 ? new([0], 0) : new(engine switch
    {
        EngineKind.Vllm when version.IsBefore(0, 11, 1) => [1, 2, 4, .. Steps(8, largest + 1, 8)],
        EngineKind.Sglang when version.IsBefore(0, 5, 3) => [1, 2, 4, 8, .. Steps(16, 257, 8), .. Steps(272, largest + 1, 16)],
        EngineKind.Vllm => [1, 2, 4, .. Steps(8, 256, 8), .. Steps(256, largest + 1, 16)],
        EngineKind.Sglang => [1, 2, 4, 8, 12, .. Steps(16, 257, 8), .. Steps(272, 512, 16), .. Steps(512, largest + 1, 32)],
        _ => [1, 2, 4, .. Steps(8, 129, 8), 256, 512, 1024, 2048],
    }, largest);

    private static IEnumerable<int> Steps(int from, int below, int by)
    {
        for (var i = from; i < below; i += by)
        {
            yield return i;
        }
    }
}
