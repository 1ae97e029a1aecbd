using System.Globalization;

namespace Foretoken.Hardware.Models;

/// <summary>How a layer mixes tokens.</summary>
public enum AttentionKind
{
    /// <summary>Nothing: a layer that is only a feed-forward network.</summary>
    None,

    /// <summary>Softmax attention over all tokens; KV heads shared by groups of query heads (all of multi-head, GQA, MQA).</summary>
    Full,

    /// <summary>Softmax attention over the last <see cref="AttentionShape.Window"/> tokens.</summary>
    SlidingWindow,

    /// <summary>Softmax attention inside chunks of <see cref="AttentionShape.Window"/> tokens (Llama 4); engines keep the KV of all tokens.</summary>
    Chunked,

    /// <summary>Multi-head latent attention: one compressed KV vector per token for all heads, with or without an indexer.</summary>
    Latent,

    /// <summary>DeepSeek V4: a window, and KV entries that each stand for <see cref="AttentionShape.CompressRatio"/> tokens.</summary>
    Compressed,

    /// <summary>A state of constant size instead of a KV cache (gated delta net, KDA, Mamba).</summary>
    Linear,
}

/// <summary>The token mixer of a layer: enough to tell its KV cache and its work per token of context.</summary>
public sealed record AttentionShape(AttentionKind Kind)
{
    /// <summary>Query heads (value heads of linear attention).</summary>
    public int Heads { get; init; }

    /// <summary>KV heads; 1 where one vector serves all heads.</summary>
    public int KvHeads { get; init; }

    /// <summary>Numbers of a key (of the cached vector for latent and compressed attention).</summary>
    public int KeyDim { get; init; }

    /// <summary>Numbers of a value; 0 where the cached vector is both key and value.</summary>
    public int ValueDim { get; init; }

    /// <summary>Width of what a head sums up (kv_lora_rank for latent attention, else the value's width).</summary>
    public int SumDim { get; init; }

    /// <summary>Tokens that are seen; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Tokens per compressed KV entry; 0 for no compressed entries.</summary>
    public int CompressRatio { get; init; }

    /// <summary>Entries that the indexer lets through; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Bytes of the indexer's cache per token, whatever the KV cache's number format.</summary>
    public double IndexerBytesPerToken { get; init; }

    /// <summary>Bytes of a sequence's state, for linear attention.</summary>
    public long StateBytes { get; init; }

    /// <summary>Bytes that a state keeps of one token's input to its short convolution.</summary>
    public long ConvolutionBytesPerToken { get; init; }

    /// <summary>Whether every tensor-parallel rank keeps the whole KV of the layer.</summary>
    public bool Replicated => Kind is AttentionKind.Latent or AttentionKind.Compressed;

    /// <summary>Numbers of one KV entry, all KV heads together.</summary>
    public long EntryNumbers => (long)KvHeads * (KeyDim + ValueDim);

    /// <summary>Bytes that each further token adds to the cache for good, without tensor parallelism.</summary>
    public double BytesPerToken(int bytesPerNumber) => Kind switch
    {
        AttentionKind.Full or AttentionKind.Chunked or AttentionKind.Latent => EntryNumbers * bytesPerNumber + IndexerBytesPerToken,
        AttentionKind.Compressed when CompressRatio > 0 => (double)EntryNumbers * bytesPerNumber / CompressRatio + IndexerBytesPerToken,
        _ => 0,
    };

    /// <summary>Bytes that a long sequence takes whatever its length: windows and states, without tensor parallelism.</summary>
    public long BytesPerSequence(int bytesPerNumber) => Kind switch
    {
        AttentionKind.SlidingWindow or AttentionKind.Compressed => Window * EntryNumbers * bytesPerNumber,
        AttentionKind.Linear => StateBytes,
        _ => 0,
    };

    /// <summary>KV heads that one of <paramref name="tensorParallel"/> ranks keeps.</summary>
    public int KvHeadsPerRank(int tensorParallel) => Replicated ? KvHeads : Math.Max(1, (KvHeads + tensorParallel - 1) / tensorParallel);

    /// <summary>Operations of attention itself (not its projections) for one token that sees <paramref name="context"/> tokens.</summary>
    public double OperationsPerToken(long context)
    {
        double seen = Kind switch
        {
            AttentionKind.SlidingWindow or AttentionKind.Chunked => Math.Min(Window, context),
            AttentionKind.Compressed => Math.Min(Window, context) + Limited(CompressRatio == 0 ? 0 : (double)context / CompressRatio),
            AttentionKind.None => 0,
            AttentionKind.Linear => 0,
            _ => Limited(context),
        };
        var linear = Kind == AttentionKind.Linear ? 4.0 * Heads * KeyDim * SumDim : 0; // Read and update of the state.
        return 2.0 * Heads * (KeyDim + SumDim) * seen + linear;
    }

    /// <summary>Short name, the same for layers with the same mixer: <c>full attention, 32 heads, 8 KV heads of 128</c>.</summary>
    public string Describe() => Kind switch
    {
        AttentionKind.None => "no attention",
        AttentionKind.Full => $"full attention, {Heading()}" + (TopK > 0 ? $", {Number(TopK)} tokens by indexer" : ""),
        AttentionKind.SlidingWindow => $"window of {Number(Window)}, {Heading()}",
        AttentionKind.Chunked => $"chunks of {Number(Window)}, {Heading()}",
        AttentionKind.Latent => $"latent attention (MLA), {Number(Heads)} heads, {Number(KeyDim)} per token" + (TopK > 0 ? $", top {Number(TopK)} by indexer" : ""),
        AttentionKind.Compressed => CompressRatio == 0 ? $"window of {Number(Window)}, {Number(Heads)} heads, {Number(KeyDim)} per entry"
            : $"1 entry per {Number(CompressRatio)} tokens, window {Number(Window)}" + (TopK > 0 ? $", top {Number(TopK)}" : ""),
        _ => $"linear attention, {Number(Heads)} heads, state {Number(StateBytes)} B",
    };

    private string Heading() => $"{Number(Heads)} heads, {Number(KvHeads)} KV heads of {Number(KeyDim)}" + (ValueDim != KeyDim ? $"/{Number(ValueDim)}" : "");

    private double Limited(double entries) => TopK == 0 ? entries : Math.Min(TopK, entries);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
