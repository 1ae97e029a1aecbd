using Foretoken.Fleet.Network;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;

namespace Foretoken.Twin.Disaggregation;

/// <summary>From a model and a layout to what a hand-off moves.</summary>
public static class DisaggregatedKv
{
    // SGLang's hand-off servers sort their free pages, and group_concurrent_contiguous sends neighbours together: a prompt lies in
    // a few runs. How long they are under load is an estimate.
    private const int SgLangRun = 512;

    /// <summary>How replicas of this layout keep a request's KV.</summary>
    /// <param name="model">The model.</param>
    /// <param name="engine">Engine settings that memory depends on.</param>
    /// <param name="layout">Parallel layout of a replica.</param>
    /// <param name="blockTokens">Tokens per block.</param>
    public static KvLayout Layout(ModelShape model, EngineMemory engine, ParallelLayout layout, int blockTokens)
    {
        var share = KvShare.Of(model, engine, layout);
        return new KvLayout
        {
            BytesPerTokenPerRank = share.BytesPerToken,
            WindowBytesPerTokenPerRank = share.WindowBytesPerToken,
            Window = share.Window,
            FixedBytesPerRank = share.FixedBytes,
            Ranks = layout.TensorParallel * layout.PipelineParallel,
            BlockTokens = blockTokens,
            RunTokens = engine.Kind == EngineKind.Sglang ? Math.Max(blockTokens, SgLangRun) : null,
            PiecesPerBlock = Math.Max(1, share.Layers / layout.PipelineParallel * (share.Replicated ? 1 : 2)),
        };
    }
}
