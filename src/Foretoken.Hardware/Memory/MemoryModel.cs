using System.Globalization;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;

namespace Foretoken.Hardware.Memory;

/// <summary>How much KV cache an engine would find room for. Pure: what it is told decides what it says.</summary>
public static class MemoryModel
{
    private const long Mib = 1L << 20;
    private const double Gib = 1L << 30;

    /// <summary>What a context grows by after vLLM's first look: 0.16 GiB (vLLM's own log on an H100, vllm PR #12126).</summary>
    private const long LateContextBytes = 164 * Mib;

    /// <summary>A context: 139.81 GiB of an H200 less what SGLang found free and used for communicators (sglang PR #11716).</summary>
    private const long ContextBytes = 522 * Mib;

    /// <summary>
    /// Communicators over NVLink: 2.01 GiB on each of eight H200 (SGLang's own log, PR #11716), 1.75 on each of four H100 (what
    /// is missing in vllm #21348).
    /// </summary>
    private const long CommunicationBytes = 1526 * Mib;

    private const long CommunicationBytesPerRank = 66 * Mib;

    /// <summary>CUDA graphs of 51 piecewise and 35 full sizes: 0.73 GiB (vLLM's own log, vllm PR #39559).</summary>
    private const long GraphBytes = 748 * Mib;

    /// <summary>Bytes per logit at the peak of sampling: 1.26 GiB for 256 requests x 128,256 entries (vllm PR #10511).</summary>
    private const int SamplingBytes = 41;

    /// <summary>What an engine refuses at its start: a layout that does not divide the model. Empty when nothing is wrong.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layout">Parallel layout.</param>
    /// <param name="place">Where the layout stands, for messages.</param>
    public static IReadOnlyList<Problem> LayoutProblems(ModelShape model, ParallelLayout layout, string place) => LayoutChecks.Problems(model, layout, place);

    /// <summary>Computes the plan for the pipeline stage with the least room.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gpuBytes">Memory of one GPU as its driver reports it.</param>
    /// <param name="layout">Parallel layout.</param>
    /// <param name="engine">Engine settings.</param>
    /// <param name="place">Where the settings stand, for messages: <c>engine</c>; <c>--</c> for options.</param>
    /// <exception cref="InputException">The layout does not divide the model, or the model does not fit; carries every problem.</exception>
    public static MemoryPlan Plan(ModelShape model, long gpuBytes, ParallelLayout layout, EngineMemory engine, string place = "engine")
    {
        var problems = LayoutChecks.Problems(model, layout, place);
        if (engine.MemoryFraction is not (null or (> 0 and <= 1)))
        {
            problems.Add(new Problem(LayoutChecks.Place(place, "memory_fraction"), $"is {engine.MemoryFraction.Value.ToString(CultureInfo.InvariantCulture)}", "above 0 and at most 1"));
        }

        if (engine.BlockSize is < 1)
        {
            problems.Add(new Problem(LayoutChecks.Place(place, "block_size"), $"is {engine.BlockSize}", "a whole number of at least 1"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var starts = WeightShards.Stages(model.Layers.Count, layout.PipelineParallel);
        var tightest = Enumerable.Range(0, layout.PipelineParallel)
            .Select(stage => Stage(model, gpuBytes, layout, engine, starts, stage))
            .MinBy(plan => plan.Blocks)!;
        if (engine.KvBlocks is null && tightest.Blocks < 2)
        {
            var least = 2 * tightest.Pool.BytesPerBlock;
            throw new InputException(
                LayoutChecks.Place(place, "tensor_parallel"),
                string.Create(CultureInfo.InvariantCulture, $"{model.Name} does not fit: a GPU of {gpuBytes / Gib:F1} GiB lacks {(least - tightest.KvBytes) / Gib:F2} GiB; weights take {tightest.WeightBytes / Gib:F2} GiB of it"),
                "more GPUs per replica, GPUs with more memory, or weights of fewer bits");
        }

        // A server can only have logged what its GPUs hold.
        var most = gpuBytes - tightest.WeightBytes;
        if ((engine.KvBlocks is not null || engine.KvCacheBytes is not null) && tightest.KvBytes > most)
        {
            throw new InputException(
                LayoutChecks.Place(place, "kv_blocks"),
                string.Create(CultureInfo.InvariantCulture, $"a KV cache of {tightest.KvBytes / Gib:F1} GiB does not fit beside weights of {tightest.WeightBytes / Gib:F1} GiB: a GPU has {gpuBytes / Gib:F1} GiB"),
                string.Create(CultureInfo.InvariantCulture, $"at most {Math.Max(0, tightest.Pool.Blocks(most)):N0} blocks per GPU, or leave it out for what the engine would take"));
        }

        return tightest;
    }

    private static MemoryPlan Stage(ModelShape model, long gpuBytes, ParallelLayout layout, EngineMemory engine, int[] starts, int stage)
    {
        var (from, to) = (starts[stage], starts[stage + 1]);
        var lines = new List<MemoryLine>();
        var notes = new List<string>();
        var (fraction, rule) = engine.MemoryFraction is { } share ? (share, "") : DefaultFraction(engine, layout, gpuBytes);
        var weights = WeightShards.Of(model, layout, from, to, engine.MtpTokens > 0, engine.Kind == EngineKind.Vllm).ToList();
        var weightBytes = weights.Sum(w => w.Bytes);
        lines.Add(new("GPU memory", "as the driver reports it", gpuBytes, "GPU catalogue"));
        if (engine.DriverBytes > 0)
        {
            lines.Add(new("kept by the driver", Invariant($"{gpuBytes:N0} / 200"), -engine.DriverBytes, "estimate: 0.43 GiB of an H100, vllm PR #10511"));
            gpuBytes -= engine.DriverBytes;
        }

        if (engine.Kind == EngineKind.Sglang)
        {
            // Its fraction is of what is free before weights are loaded.
            var before = Runtime(layout, engine);
            lines.Add(before);
            gpuBytes += before.Bytes;
        }

        if (engine.Kind != EngineKind.TensorRtLlm)
        {
            var kept = (long)(gpuBytes * fraction);
            lines.Add(new("not for the engine", Invariant($"(1 - {fraction:0.###}) x {gpuBytes:N0}"), kept - gpuBytes, FractionSource(engine, rule)));
        }

        foreach (var part in weights.GroupBy(w => w.Weight.Part).OrderBy(g => g.Key))
        {
            lines.Add(new("weights: " + part.Key.Words(), Invariant($"this GPU's share of {part.Sum(w => w.Weight.Parameters):N0} parameters, {string.Join(" and ", part.Select(w => w.Weight.Format.Name).Distinct())}"), -part.Sum(w => w.Bytes), "model config"));
        }

        var drafts = to == model.Layers.Count ? engine.DraftModel : null;
        if (drafts is not null)
        {
            var bytes = WeightShards.Of(drafts, layout with { PipelineParallel = 1, ExpertParallel = 1 }, 0, drafts.Layers.Count, false, engine.Kind == EngineKind.Vllm).Sum(w => w.Bytes);
            weightBytes += bytes;
            lines.Add(new("weights: draft model", Invariant($"this GPU's share of {drafts.Name}, {drafts.Parameters:N0} parameters"), -bytes, "model config"));
        }

        if (engine.Kind != EngineKind.Sglang)
        {
            // SGLang's activations and graphs live in what mem_fraction_static leaves free.
            lines.Add(Activations(model, layout, engine, from, to));
            lines.Add(Runtime(layout, engine));
            lines.Add(Graphs(engine));
        }

        var rest = lines.Sum(l => l.Bytes);
        if (engine.Kind == EngineKind.TensorRtLlm && rest > 0)
        {
            var kept = (long)(rest * fraction);
            lines.Add(new("not for the KV cache", Invariant($"(1 - {fraction:0.###}) x {rest:N0}"), kept - rest, FractionSource(engine, rule)));
            rest = kept;
        }

        if (engine.KvCacheBytes is { } given)
        {
            lines.Add(new("set by kv_cache_memory_bytes", Invariant($"{given:N0} instead of {rest:N0}"), given - rest, "given"));
            rest = given;
        }

        var blockSize = engine.BlockSize ?? engine.Kind switch { EngineKind.Vllm => 16, EngineKind.Sglang => 1, _ => 32 };
        var pool = KvPool.Of(model.Layers.Skip(from).Take(to - from).Concat(drafts?.Layers ?? []), engine, layout.TensorParallel, blockSize);
        var blocks = engine.KvBlocks ?? Math.Max(0, pool.Blocks(rest)) * layout.DecodeContextParallel;
        if (engine.KvBlocks is not null)
        {
            var taken = (long)Math.Min(long.MaxValue / 2, (double)blocks / layout.DecodeContextParallel * pool.BytesPerBlock);
            lines.Add(new("set by the blocks that are given", Invariant($"{taken:N0} instead of {rest:N0}"), taken - rest, "given"));
            rest = taken;
        }

        lines.Add(new("KV cache", Invariant($"{blocks:N0} blocks of {pool.BlockSize:N0} {(pool.BlockSize == 1 ? "token" : "tokens")} x {pool.BytesPerBlock:N0} B") + (layout.DecodeContextParallel > 1 ? Invariant($" over {layout.DecodeContextParallel} ranks that share them") : ""), rest, "sum of the lines above"));
        Notes(model, engine, pool, blockSize, notes);
        return new MemoryPlan { Lines = lines, Stage = stage, WeightBytes = weightBytes, KvBytes = rest, Pool = pool, Blocks = blocks, Notes = notes };
    }

    private static void Notes(ModelShape model, EngineMemory engine, KvPool pool, int blockSize, List<string> notes)
    {
        if (pool.BlockSize != blockSize)
        {
            notes.Add(Invariant($"Blocks grow from {blockSize} to {pool.BlockSize} tokens, so that a state of linear attention fits into a page."));
        }

        if (model.Layers.Any(l => l.Attention.Kind == AttentionKind.Compressed))
        {
            notes.Add("Compressed attention: windows of the sequences are not taken off; blocks are counted by the entries alone.");
        }

        if (engine.Kind == EngineKind.Sglang && model.Layers.Any(l => l.Attention.Kind == AttentionKind.Linear))
        {
            notes.Add("The pool of linear-attention states, which depends on max_running_requests, is not taken off.");
        }
    }

    /// <summary>The most that lives at once in a forward pass: the residual, and the widest layer half or the sampler.</summary>
    private static MemoryLine Activations(ModelShape model, ParallelLayout layout, EngineMemory engine, int from, int to)
    {
        if (engine.ActivationBytes is { } given)
        {
            return new("activations", "as given", -given, "given");
        }

        long tokens = engine.MaxBatchedTokens;
        var residual = 2 * 2 * tokens * model.Hidden;
        var widest = model.Layers.Skip(from).Take(to - from).Max(l => Math.Max(Mixer(l.Attention, tokens, layout.TensorParallel), Network(l.Ffn, tokens, layout)));
        var forward = residual + widest;
        // TensorRT-LLM measures with a step full of prompts, of which only the last tokens are sampled.
        var sampling = to == model.Layers.Count && engine.Kind == EngineKind.Vllm ? (long)SamplingBytes * Math.Min(engine.MaxSequences, tokens) * model.Vocabulary : 0;
        return forward >= sampling
            ? new("activations", Invariant($"{tokens:N0} tokens: residual {residual:N0} + widest half-layer {widest:N0}"), -forward, "estimate: live tensors of a forward pass")
            : new("activations", Invariant($"sampling {Math.Min(engine.MaxSequences, tokens):N0} requests x {model.Vocabulary:N0} logits x {SamplingBytes} B"), -sampling, "estimate: 41 B per logit, vllm PR #10511");
    }

    private static long Mixer(AttentionShape shape, long tokens, int tensorParallel)
    {
        long heads = (shape.Heads + tensorParallel - 1) / tensorParallel;
        // Queries and sums of each head; keys and values of the new tokens, for latent attention unrolled to every head.
        var perToken = (heads * (shape.KeyDim + shape.SumDim)) + (shape.Kind == AttentionKind.Latent ? heads * shape.SumDim : shape.KvHeadsPerRank(tensorParallel) * (long)(shape.KeyDim + shape.ValueDim));
        return 2 * tokens * perToken;
    }

    private static long Network(FfnShape ffn, long tokens, ParallelLayout layout)
    {
        var dense = 2 * tokens * ffn.Matrices * (long)(Math.Max(ffn.Dense, ffn.SharedWidth) / layout.TensorParallel);
        if (ffn.Experts == 0)
        {
            return dense;
        }

        var width = (long)ffn.ExpertWidth * layout.ExpertParallel / layout.ExpertRanks;
        var rows = tokens * layout.AttentionDataParallel * ffn.ExpertsPerToken / layout.ExpertParallel;
        return Math.Max(dense, 2 * rows * ((ffn.Matrices * width) + ffn.ExpertInput));
    }

    private static MemoryLine Runtime(ParallelLayout layout, EngineMemory engine)
    {
        if (engine.RuntimeBytes is { } given)
        {
            return new("outside the tensor library", "as given", -given, "given");
        }

        // vLLM takes off what was added after its first look at the GPU's memory. That look comes after the communicators
        // are set up since vllm PR #25359; the context was there all along.
        var ranks = layout.TensorParallel * layout.AttentionDataParallel;
        var vllm = engine.Kind == EngineKind.Vllm;
        var context = vllm ? LateContextBytes : ContextBytes;
        var communication = ranks == 1 || (vllm && !engine.Version.IsBefore(0, 11)) ? 0 : CommunicationBytes + (ranks * CommunicationBytesPerRank);
        return new("outside the tensor library", Invariant($"context {context:N0} + communication {communication:N0}"), -(context + communication),
            vllm ? "estimate: vllm PR #12126, #25359, sglang PR #11716" : "estimate: sglang PR #11716");
    }

    private static MemoryLine Graphs(EngineMemory engine) =>
        engine.GraphBytes is { } given ? new("CUDA graphs", "as given", -given, "given")
        : engine.Eager || !GraphsCounted(engine) ? new("CUDA graphs", engine.Eager ? "eager" : "captured in what is left free", 0, engine.Kind == EngineKind.Vllm && !engine.Eager ? "vLLM before v0.21 does not count them" : "engine")
        : new("CUDA graphs", "86 sizes", -GraphBytes, "estimate: vllm PR #39559");

    /// <summary>
    /// The share of a GPU's memory that an engine takes when nobody says it, and the rule in words. vLLM's was raised with the
    /// estimate of graphs, to leave as much for the KV cache as before.
    /// </summary>
    /// <param name="engine">Engine settings.</param>
    /// <param name="layout">Parallel layout.</param>
    /// <param name="gpuBytes">Memory of one GPU as its driver reports it.</param>
    public static (double Fraction, string Rule) DefaultFraction(EngineMemory engine, ParallelLayout layout, long gpuBytes) => engine.Kind switch
    {
        EngineKind.Vllm => (GraphsCounted(engine) ? 0.92 : 0.9, ""),
        EngineKind.TensorRtLlm => (0.9, ""),
        _ => SgLangMemory.Fraction(engine, layout, gpuBytes),
    };

    /// <summary>vLLM takes an estimate of its graphs off since v0.21 (its log: "CUDA graph memory profiling is enabled").</summary>
    private static bool GraphsCounted(EngineMemory engine) => engine.Kind == EngineKind.Vllm && !engine.Version.IsBefore(0, 21);

    private static string FractionSource(EngineMemory engine, string rule) => (engine.MemoryFraction is null ? "default " : "given ") + engine.Kind switch
    {
        EngineKind.Vllm => "gpu_memory_utilization",
        EngineKind.Sglang => "mem_fraction_static",
        _ => "free_gpu_memory_fraction",
    } + (rule.Length > 0 ? ": " + rule : "");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
