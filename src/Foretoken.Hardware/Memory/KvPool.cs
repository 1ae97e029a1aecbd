using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Memory;

/// <summary>
/// How an engine cuts KV memory into blocks on one GPU (vLLM's hybrid KV cache manager). Layers of one kind form one group or several of
/// equal size; layers of different groups share memory, so that a block costs one page for each layer of a group.
/// </summary>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="PageBytes">Bytes of a block in one layer.</param>
/// <param name="LayersPerGroup">Layers that a block is spread over.</param>
/// <param name="Groups">Groups of layers; a full-attention token takes room in each group of its kind.</param>
/// <param name="BytesPerBlock">Bytes of a block over the layers of a group.</param>
public sealed record KvPool(int BlockSize, long PageBytes, int LayersPerGroup, int Groups, long BytesPerBlock)
{
    /// <summary>
    /// Per group the window whose tokens it keeps, null for all of them. A group of linear attention keeps one state, that of
    /// the last token: a window of 1.
    /// </summary>
    public IReadOnlyList<int?> GroupWindows { get; init; } = [null];

    /// <summary>Blocks that fit.</summary>
    public long Blocks(long bytes) => bytes / BytesPerBlock;

    /// <summary>The pool of these layers on one rank.</summary>
    /// <param name="layers">Layers of the pipeline stage.</param>
    /// <param name="engine">Engine settings.</param>
    /// <param name="tensorParallel">Ranks that share each layer.</param>
    /// <param name="blockSize">Tokens per block that were asked for.</param>
    public static KvPool Of(IEnumerable<ModelLayer> layers, EngineMemory engine, int tensorParallel, int blockSize)
    {
        var shapes = layers.Select(l => l.Attention).Where(a => a.Kind != AttentionKind.None).ToList();
        var paged = shapes.Where(a => a.Kind != AttentionKind.Linear).ToList();
        var states = shapes.Where(a => a.Kind == AttentionKind.Linear).ToList();
        var windows = paged.Count(a => a.Kind == AttentionKind.SlidingWindow);
        if (engine.Kind == EngineKind.Sglang)
        {
            // One token of the full pool, and swa_full_tokens_ratio of one in the window pool; states have a pool of their own.
            var perToken = paged.Sum(a => TokenBytes(a, engine, tensorParallel) * (a.Kind == AttentionKind.SlidingWindow && windows < paged.Count ? SlidingRatio : 1));
            var page = (long)Math.Ceiling(perToken * blockSize);
            return new KvPool(blockSize, page, paged.Count, 1, Math.Max(1, page));
        }

        if (states.Count == 0 && (windows == 0 || windows == paged.Count))
        {
            // One kind: a block is a page in every layer, whatever the pages' sizes.
            var sum = (long)Math.Ceiling(paged.Sum(a => TokenBytes(a, engine, tensorParallel)) * blockSize);
            return new KvPool(blockSize, paged.Count == 0 ? 0 : (long)Math.Ceiling(paged.Max(a => TokenBytes(a, engine, tensorParallel)) * blockSize), paged.Count, 1, Math.Max(1, sum))
            {
                GroupWindows = [windows > 0 ? paged.Max(a => a.Window) : null],
            };
        }

        var perLayer = paged.Count == 0 ? 1 : paged.Max(a => TokenBytes(a, engine, tensorParallel));
        if (states.Count > 0)
        {
            // Attention pages grow until a state fits into one; states are padded to the page.
            var state = states.Max(a => StateBytes(a, engine, tensorParallel));
            blockSize = Math.Max(blockSize, (int)RoundUp((long)Math.Ceiling(state / perLayer), 16));
        }

        var kinds = shapes.GroupBy(a => a.Kind == AttentionKind.Chunked ? AttentionKind.Full : a.Kind).ToList();
        var counts = kinds.Select(g => g.Count()).ToList();
        var (least, most) = (counts.Min(), counts.Max());
        var size = most < 1.5 * least ? most : least;
        var pageBytes = (long)Math.Ceiling(perLayer * blockSize);
        var groups = kinds.OrderBy(k => Window(k) ?? int.MaxValue).Reverse().SelectMany(k => Enumerable.Repeat(Window(k), (k.Count() + size - 1) / size)).ToList();
        return new KvPool(blockSize, pageBytes, size, groups.Count, pageBytes * size) { GroupWindows = groups };
    }

    private static int? Window(IGrouping<AttentionKind, AttentionShape> kind) => kind.Key switch
    {
        AttentionKind.SlidingWindow => kind.Max(a => a.Window),
        AttentionKind.Linear => 1,
        _ => null,
    };

    /// <summary>SGLang's swa_full_tokens_ratio.</summary>
    private const double SlidingRatio = 0.8;

    /// <summary>KV bytes that a token takes in a layer of one rank, while it is in the window.</summary>
    internal static double TokenBytes(AttentionShape shape, EngineMemory engine, int tensorParallel)
    {
        var numbers = (long)shape.KvHeadsPerRank(tensorParallel) * (shape.KeyDim + shape.ValueDim);
        return shape.Kind == AttentionKind.Compressed
            ? shape.BytesPerToken(engine.KvBytesPerNumber)
            : (numbers * engine.KvBytesPerNumber) + shape.IndexerBytesPerToken;
    }

    /// <summary>Bytes of a sequence's state on one rank; each draft token keeps one more input of the convolution.</summary>
    internal static long StateBytes(AttentionShape shape, EngineMemory engine, int tensorParallel) =>
        (shape.StateBytes + (engine.MtpTokens * shape.ConvolutionBytesPerToken)) / tensorParallel;

    private static long RoundUp(long value, long step) => (value + step - 1) / step * step;
}
