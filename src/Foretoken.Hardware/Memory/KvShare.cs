using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Memory;

/// <summary>What one rank keeps of a request's KV: the measure of what has to move when another replica takes the request over.</summary>
/// <param name="BytesPerToken">Bytes of a token in the layers that keep every token; of all stages together, divided by the ranks that pipeline and context parallelism spread them over.</param>
/// <param name="WindowBytesPerToken">The same in layers that keep a window of tokens.</param>
/// <param name="Window">Tokens of that window; 0 without such layers.</param>
/// <param name="FixedBytes">Bytes that do not grow with the context (states of linear attention, windows of compressed attention).</param>
/// <param name="Layers">Layers that keep something.</param>
/// <param name="Replicated">Whether keys and values are one piece of memory of which every rank has a copy (latent attention).</param>
public sealed record KvShare(double BytesPerToken, double WindowBytesPerToken, int Window, double FixedBytes, int Layers, bool Replicated)
{
    /// <summary>What one rank keeps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="engine">Engine settings: the number format of the cache.</param>
    /// <param name="layout">Parallel layout of the replica.</param>
    public static KvShare Of(ModelShape model, EngineMemory engine, ParallelLayout layout)
    {
        var shapes = model.Layers.Select(l => l.Attention).Where(a => a.Kind != AttentionKind.None).ToList();
        var paged = shapes.Where(a => a.Kind != AttentionKind.Linear).ToList();
        var windowed = paged.Where(a => a.Kind == AttentionKind.SlidingWindow).ToList();
        var parts = layout.PipelineParallel * layout.DecodeContextParallel;
        return new KvShare(
            Bytes(paged.Where(a => a.Kind != AttentionKind.SlidingWindow)),
            Bytes(windowed),
            windowed.Count == 0 ? 0 : windowed.Max(a => a.Window),
            shapes.Where(a => a.Kind != AttentionKind.SlidingWindow).Sum(a => (double)a.BytesPerSequence(engine.KvBytesPerNumber) / (a.Replicated ? 1 : layout.TensorParallel)) / layout.PipelineParallel,
            shapes.Count,
            paged.Exists(a => a.Replicated));

        double Bytes(IEnumerable<AttentionShape> of) => of.Sum(a => KvPool.TokenBytes(a, engine, layout.TensorParallel)) / parts;
    }
}
