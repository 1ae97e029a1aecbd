using System.Globalization;

namespace Foretoken.Hardware.Models.Families;

/// <summary>
/// DeepSeek V4: each layer attends to a short window and, where it compresses, to entries that each stand for 4 tokens
/// (chosen by an indexer) or 128 tokens (all of them). Keys and values are one vector for all heads.
/// </summary>
internal static class DeepseekV4Family
{
    private sealed record Sizes(int Heads, int Dim, int QueryRank, int OutputRank, int OutputGroups, int Window, int IndexHeads, int IndexDim, int TopK, int Streams);

    public static void Read(ModelDraft draft)
    {
        var keys = draft.Keys;
        var layers = keys.Need("num_hidden_layers");
        var sizes = new Sizes(
            keys.Need("num_attention_heads"),
            keys.Need("head_dim"),
            keys.Need("q_lora_rank"),
            keys.Need("o_lora_rank"),
            keys.Need("o_groups"),
            keys.Need("sliding_window"),
            keys.Need("index_n_heads"),
            keys.Need("index_head_dim"),
            keys.Need("index_topk"),
            keys.Or(1, "hc_mult"));
        if (sizes.Heads % sizes.OutputGroups != 0)
        {
            keys.Add("o_groups", $"is {sizes.OutputGroups}, which does not divide {sizes.Heads} attention heads");
        }

        var mtp = keys.OrZero("num_nextn_predict_layers");
        if (!keys.Has("compress_ratios"))
        {
            keys.Add("compress_ratios", "is missing", "per layer 0 (window only), 4 or 128");
        }

        var ratios = keys.PerLayer("compress_ratios", layers, e => ConfigKeys.Whole(e) is >= 0 and var ratio ? ratio.ToString(CultureInfo.InvariantCulture) : null, "0 (window only) or the tokens of one entry", mtp)
            ?.Select(r => int.Parse(r, CultureInfo.InvariantCulture)).ToList() ?? [.. Enumerable.Repeat(0, layers + mtp)];
        var ffns = FfnKeys.Read(draft, layers);
        for (var i = 0; i < layers; i++)
        {
            draft.Layers.Add(new ModelLayer(i, Attention(sizes, ratios[i]), ffns[i], Weights(draft, $"layers.{i}", sizes, ratios[i], ffns[i]).All));
        }

        for (var i = 0; i < mtp; i++)
        {
            var ratio = layers + i < ratios.Count ? ratios[layers + i] : 0;
            draft.AddMtp(Attention(sizes, ratio), ffns[^1], name => Weights(draft, name, sizes, ratio, ffns[^1]));
        }
    }

    // The indexer scores compressed entries; its keys are one fp8 number per dimension and entry.
    private static bool Indexes(int ratio) => ratio is > 0 and < 128;

    private static AttentionShape Attention(Sizes sizes, int ratio) => new(AttentionKind.Compressed)
    {
        Heads = sizes.Heads,
        KvHeads = 1,
        KeyDim = sizes.Dim,
        SumDim = sizes.Dim,
        Window = sizes.Window,
        CompressRatio = ratio,
        TopK = Indexes(ratio) ? sizes.TopK : 0,
        IndexerBytesPerToken = Indexes(ratio) ? (double)sizes.IndexDim / ratio : 0,
    };

    private static LayerWeights Weights(ModelDraft draft, string name, Sizes sizes, int ratio, FfnShape ffn)
    {
        var hidden = draft.Hidden;
        var width = (long)sizes.Heads * sizes.Dim;
        var weights = new LayerWeights(name)
            .Add(ModelPart.Attention, "attn.wq_a", sizes.QueryRank, hidden, WeightSplit.Replicated)
            .Add(ModelPart.Attention, "attn.wq_b", width, sizes.QueryRank, WeightSplit.Rows)
            .Add(ModelPart.Attention, "attn.wkv", sizes.Dim, hidden, WeightSplit.Replicated)
            .Add(ModelPart.Attention, "attn.wo_a", (long)sizes.OutputGroups * sizes.OutputRank, width / sizes.OutputGroups, WeightSplit.Rows)
            .Add(ModelPart.Attention, "attn.wo_b", hidden, (long)sizes.OutputGroups * sizes.OutputRank, WeightSplit.Columns);
        // Entries of 4 tokens overlap their neighbours: twice the width. Each compressor has a value and a gate projection.
        var overlap = Indexes(ratio) ? 2 : 1;
        if (ratio > 0)
        {
            weights.AddPlain(ModelPart.Attention, "attn.compressor.wkv_gate", 2L * overlap * sizes.Dim, hidden);
        }

        if (Indexes(ratio))
        {
            weights.Add(ModelPart.Indexer, "attn.indexer.wq_b", (long)sizes.IndexHeads * sizes.IndexDim, sizes.QueryRank, WeightSplit.Replicated)
                .AddPlain(ModelPart.Indexer, "attn.indexer.weights_proj", sizes.IndexHeads, hidden)
                .AddPlain(ModelPart.Indexer, "attn.indexer.compressor.wkv_gate", 2L * overlap * sizes.IndexDim, hidden);
        }

        weights.AddFfn(ffn, hidden, "ffn", "ffn.experts", "ffn.shared_experts", "ffn.gate").AddVector("norms", 2L * hidden + sizes.QueryRank + sizes.Dim);
        if (sizes.Streams > 1)
        {
            // Hyper-connections mix the parallel residual streams before attention and before the network; kept in 32 bits.
            weights.AddPlain(ModelPart.Norms, "hyper_connections", 2L * (sizes.Streams * (2 + sizes.Streams)), (long)sizes.Streams * hidden);
        }

        return weights;
    }
}
