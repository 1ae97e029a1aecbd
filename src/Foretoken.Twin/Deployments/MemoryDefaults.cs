using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;

namespace Foretoken.Twin.Deployments;

/// <summary>The batch limits that an engine chooses by itself, as far as memory depends on them.</summary>
public static class MemoryDefaults
{
    /// <summary>The settings with every batch limit known.</summary>
    /// <param name="settings">Engine, release and what was given.</param>
    /// <param name="tokens">Most tokens of a forward pass as given; null for the engine's default on this GPU.</param>
    /// <param name="sequences">Most requests of a forward pass as given; null for the engine's default on this GPU.</param>
    /// <param name="gpu">The GPU.</param>
    /// <param name="model">The model.</param>
    /// <param name="layout">Parallel layout.</param>
    public static EngineMemory Complete(EngineMemory settings, int? tokens, int? sequences, Gpu gpu, ModelShape model, ParallelLayout layout)
    {
        var chunk = SgLangDefaults.ChunkedPrefillSize(settings.Version, gpu.MemoryBytes).Chunk;
        var (defaultSequences, defaultTokens) = settings.Kind switch
        {
            EngineKind.Vllm => Vllm(settings.Version, gpu),
            EngineKind.Sglang => (2048, SgLangDefaults.ChunkOfRank(settings.Version, chunk, Math.Max(1, layout.AttentionDataParallel))),
            _ => (2048, 8192),
        };
        var most = sequences ?? defaultSequences;
        if (tokens is null && settings.Kind == EngineKind.Vllm && model.MaxContext > 0 && VllmDefaults.CapsTokens(settings.Version))
        {
            defaultTokens = (int)Math.Min(defaultTokens, (long)most * model.MaxContext);
        }

        return settings with
        {
            MaxBatchedTokens = tokens ?? defaultTokens,
            PrefillChunk = settings.Kind == EngineKind.Sglang && tokens is null ? chunk : null,
            BlockSize = settings.BlockSize ?? (settings.Kind == EngineKind.Vllm ? VllmDefaults.BlockSize(settings.Version, model, gpu).Value : null),
            MaxSequences = most,
            GraphBatch = SgLangCudaGraphs.MaxBs(settings.Version, gpu.MemoryBytes, layout),
            DriverBytes = EngineMemory.EstimatedDriverBytes(gpu.MemoryBytes),
        };
    }

    private static (int Sequences, int Tokens) Vllm(EngineVersion version, Gpu gpu)
    {
        var (sequences, tokens, _) = VllmDefaults.Batch(version, gpu.MemoryBytes, gpu.Name);
        return (sequences, tokens);
    }
}
