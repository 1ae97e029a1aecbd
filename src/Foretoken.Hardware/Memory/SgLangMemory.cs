using System.Globalization;

namespace Foretoken.Hardware.Memory;

/// <summary>SGLang's own choice of <c>mem_fraction_static</c>, by release (ServerArgs).</summary>
internal static class SgLangMemory
{
    private const double Mib = 1L << 20;

    /// <summary>The share for weights and KV pool, and the rule behind it in words; empty for today's.</summary>
    /// <param name="engine">Engine settings.</param>
    /// <param name="layout">Parallel layout.</param>
    /// <param name="gpuBytes">Memory of one GPU as its driver reports it.</param>
    public static (double Fraction, string Rule) Fraction(EngineMemory engine, ParallelLayout layout, long gpuBytes)
    {
        var total = gpuBytes / Mib;
        var version = engine.Version;
        if (version.IsBefore(0, 4, 7))
        {
            // Above 80 GiB the rule changed three times within the releases called 0.4.6; this is its longest-lived form.
            return version.IsBefore(0, 4, 6) || total <= 80 * 1024
                ? (ByRanks(SgLangCudaGraphs.TpSize(layout)), "by tp_size, SGLang v0.4.0 to v0.4.6 (server_args.py)")
                : ((total - (18 * 1024)) / total, "18 GiB kept free above 80 GiB, SGLang v0.4.6.post2 (sglang PR #5893)");
        }

        var old = version.IsBefore(0, 5, 3);
        var reserved = (old ? ByMemory(total, layout) : ByUse(engine, layout, total)) + Drafts(engine);
        var rule = old ? string.Create(CultureInfo.InvariantCulture, $"{reserved / 1024:0.###} GiB kept free, SGLang v0.4.7 to v0.5.2 (server_args.py, sglang PR #7054)") : "";
        return (Math.Round((total - reserved) / total, 3), rule);
    }

    private static double ByRanks(int tpSize) => tpSize switch { >= 16 => 0.79, >= 8 => 0.81, >= 4 => 0.85, >= 2 => 0.87, _ => 0.88 };

    // MiB kept free by the kind of GPU: what its usual chunk and graphs need.
    private static double ByMemory(double total, ParallelLayout layout)
    {
        double ranks = SgLangCudaGraphs.TpSize(layout) * layout.PipelineParallel;
        var gib = total switch
        {
            < 35 * 1024 => 2.8 + (ranks / 10),
            < 90 * 1024 => 9.5 + (ranks / 2),
            < 160 * 1024 => 12 + (ranks / 2),
            _ => 32,
        };
        return (gib + (layout.AttentionDataParallel > 1 ? 4 : 0)) * 1024;
    }

    // MiB kept free: 512, 1.5 per token of a chunk, 2 per sequence of the largest graph, a gigabyte per eight ranks; large GPUs 10 GiB at least.
    private static double ByUse(EngineMemory engine, ParallelLayout layout, double total)
    {
        var attentionDp = layout.AttentionDataParallel;
        var reserved = 512 + (1.5 * Math.Max(engine.PrefillChunk ?? engine.MaxBatchedTokens, 2048)) + (layout.Gpus / 8.0 * 1024) + (2 * engine.GraphBatch);
        reserved += attentionDp > 1 ? 3.0 * engine.GraphBatch * attentionDp * (engine.GraphBatch > 300 ? 1.5 : 1) : 0;
        return total > 60 * 1024 ? Math.Max(reserved, 10 * 1024) : reserved;
    }

    private static double Drafts(EngineMemory engine) => engine.DraftModel is not null ? 6 * 1024 : engine.DraftHead || engine.MtpTokens > 0 ? 2 * 1024 : 0;
}
