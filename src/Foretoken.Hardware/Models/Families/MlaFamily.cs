using System.Text.Json;

namespace Foretoken.Hardware.Models.Families;

/// <summary>Decoders with latent attention: DeepSeek V3 and V3.2, Kimi K2, GLM-5 (with an indexer), Kimi K3 (with KDA layers between).</summary>
internal static class MlaFamily
{
    // The indexer caches a key of 128 numbers in fp8 and one 32-bit scale: 132 bytes (DeepSeek V3.2's configuration).
    private const int IndexerScaleBytes = 4;

    private sealed record Sizes(int Heads, int QueryRank, int Rank, int Nope, int Rope, int Value, int IndexHeads, int IndexDim, int TopK, bool Gated);

    public static void Read(ModelDraft draft)
    {
        var keys = draft.Keys;
        var layers = keys.Need("num_hidden_layers");
        var sizes = new Sizes(
            keys.Need("num_attention_heads"),
            keys.OrZero("q_lora_rank"),
            keys.Need("kv_lora_rank"),
            keys.Need("qk_nope_head_dim"),
            keys.Need("qk_rope_head_dim"),
            keys.Need("v_head_dim"),
            keys.OrZero("index_n_heads"),
            keys.OrZero("index_head_dim"),
            keys.OrZero("index_topk"),
            keys.Flag("mla_use_output_gate"));
        if (sizes.TopK > 0 && (sizes.IndexHeads == 0 || sizes.IndexDim == 0))
        {
            keys.Add("index_topk", "is set without index_n_heads and index_head_dim", "the indexer needs all three");
        }

        var latent = new AttentionShape(AttentionKind.Latent)
        {
            Heads = sizes.Heads,
            KvHeads = 1,
            KeyDim = sizes.Rank + sizes.Rope,
            SumDim = sizes.Rank,
            TopK = sizes.TopK,
            IndexerBytesPerToken = sizes.TopK > 0 ? sizes.IndexDim + IndexerScaleBytes : 0,
        };
        var indexed = Indexed(keys, layers, sizes.TopK > 0);
        var linear = KdaLayers(keys, layers);
        var kda = keys.Section("linear_attn_config");
        var ffns = FfnKeys.Read(draft, layers);
        for (var i = 0; i < layers; i++)
        {
            var isLinear = kda is not null && linear.Contains(i + 1);
            var attention = isLinear ? Kda(kda!) : indexed[i] ? latent : latent with { IndexerBytesPerToken = 0 };
            var weights = new LayerWeights($"layers.{i}");
            if (isLinear)
            {
                AddKda(weights, kda!, draft.Hidden);
            }
            else
            {
                AddLatent(weights, sizes, draft.Hidden, indexed[i]);
            }

            AddFfn(weights, ffns[i], draft.Hidden);
            draft.Layers.Add(new ModelLayer(i, attention, ffns[i], weights.All));
        }

        for (var i = 0; i < keys.OrZero("num_nextn_predict_layers"); i++)
        {
            draft.AddMtp(latent, ffns[^1], name =>
            {
                var weights = new LayerWeights(name);
                AddLatent(weights, sizes, draft.Hidden, sizes.TopK > 0);
                AddFfn(weights, ffns[^1], draft.Hidden);
                return weights;
            });
        }
    }

    private static void AddFfn(LayerWeights weights, FfnShape ffn, int hidden) =>
        weights.AddFfn(ffn, hidden, "mlp", "mlp.experts", "mlp.shared_experts", "mlp.gate").AddVector("norms", 2L * hidden);

    private static void AddLatent(LayerWeights weights, Sizes sizes, int hidden, bool indexed)
    {
        var head = sizes.Nope + sizes.Rope;
        if (sizes.QueryRank > 0)
        {
            weights.Add(ModelPart.Attention, "self_attn.q_a_proj", sizes.QueryRank, hidden, WeightSplit.Replicated)
                .Add(ModelPart.Attention, "self_attn.q_b_proj", (long)sizes.Heads * head, sizes.QueryRank, WeightSplit.Rows)
                .AddVector("self_attn.q_a_layernorm", sizes.QueryRank);
        }
        else
        {
            weights.Add(ModelPart.Attention, "self_attn.q_proj", (long)sizes.Heads * head, hidden, WeightSplit.Rows);
        }

        weights.Add(ModelPart.Attention, "self_attn.kv_a_proj_with_mqa", sizes.Rank + sizes.Rope, hidden, WeightSplit.Replicated)
            .Add(ModelPart.Attention, "self_attn.kv_b_proj", (long)sizes.Heads * (sizes.Nope + sizes.Value), sizes.Rank, WeightSplit.Rows)
            .Add(ModelPart.Attention, "self_attn.o_proj", hidden, (long)sizes.Heads * sizes.Value, WeightSplit.Columns)
            .AddVector("self_attn.kv_a_layernorm", sizes.Rank);
        if (sizes.Gated)
        {
            weights.Add(ModelPart.Attention, "self_attn.g_proj", (long)sizes.Heads * sizes.Value, hidden, WeightSplit.Rows);
        }

        if (indexed)
        {
            weights.Add(ModelPart.Indexer, "self_attn.indexer.wq_b", (long)sizes.IndexHeads * sizes.IndexDim, sizes.QueryRank > 0 ? sizes.QueryRank : hidden, WeightSplit.Replicated)
                .Add(ModelPart.Indexer, "self_attn.indexer.wk", sizes.IndexDim, hidden, WeightSplit.Replicated)
                .AddPlain(ModelPart.Indexer, "self_attn.indexer.weights_proj", sizes.IndexHeads, hidden)
                .AddVector("self_attn.indexer.k_norm", 2L * sizes.IndexDim);
        }
    }

    private static IReadOnlyList<bool> Indexed(ConfigKeys keys, int layers, bool any)
    {
        // GLM-5.2: layers of type 'shared' use the choice of the last 'full' one and have no indexer of their own.
        var types = any ? keys.PerLayer("indexer_types", layers, e => e.ValueKind == JsonValueKind.String && e.GetString() is "full" or "shared" ? e.GetString() : null, "'full' or 'shared'") : null;
        return types is null ? [.. Enumerable.Repeat(any, layers)] : [.. types.Take(layers).Select(t => t == "full")];
    }

    private static HashSet<int> KdaLayers(ConfigKeys keys, int layers)
    {
        if (keys.Section("linear_attn_config") is not { } section || section.Find("kda_layers") is not { ValueKind: JsonValueKind.Array } list)
        {
            return [];
        }

        var linear = list.EnumerateArray().Select(ConfigKeys.Whole).OfType<int>().ToHashSet(); // Counted from 1.
        foreach (var layer in linear.Where(l => l < 1 || l > layers).Order())
        {
            section.Add("kda_layers", $"names layer {layer}, but there are {layers}", "layers are counted from 1");
        }

        if (section.Find("full_attn_layers") is { ValueKind: JsonValueKind.Array } full)
        {
            var others = full.EnumerateArray().Select(ConfigKeys.Whole).OfType<int>().ToHashSet();
            foreach (var layer in others.Where(linear.Contains).Order())
            {
                section.Add("full_attn_layers", $"names layer {layer}, which kda_layers names, too");
            }

            if (linear.Count + others.Count != layers)
            {
                section.Add("full_attn_layers", $"and kda_layers together name {linear.Count + others.Count} of {layers} layers");
            }
        }

        return linear;
    }

    private static AttentionShape Kda(ConfigKeys section)
    {
        var heads = section.Need("num_heads");
        var dim = section.Need("head_dim");
        return LinearAttention.State(heads, dim, dim, 4, 3L * heads * dim, section.Need("short_conv_kernel_size"));
    }

    private static void AddKda(LayerWeights weights, ConfigKeys section, int hidden)
    {
        var heads = section.Need("num_heads");
        var dim = section.Need("head_dim");
        var width = (long)heads * dim;
        foreach (var name in (string[])["q_proj", "k_proj", "v_proj"])
        {
            weights.Add(ModelPart.LinearAttention, "self_attn." + name, width, hidden, WeightSplit.Rows);
        }

        weights.AddPlain(ModelPart.LinearAttention, "self_attn.conv1d", 3 * width, section.Need("short_conv_kernel_size"), WeightSplit.Rows)
            .Add(ModelPart.LinearAttention, "self_attn.f_a_proj", dim, hidden, WeightSplit.Replicated)
            .Add(ModelPart.LinearAttention, "self_attn.f_b_proj", width, dim, WeightSplit.Rows)
            .AddPlain(ModelPart.LinearAttention, "self_attn.b_proj", heads, hidden, WeightSplit.Rows);
        if (section.Flag("use_full_rank_gate"))
        {
            weights.Add(ModelPart.LinearAttention, "self_attn.g_proj", width, hidden, WeightSplit.Rows);
        }
        else
        {
            weights.Add(ModelPart.LinearAttention, "self_attn.g_a_proj", dim, hidden, WeightSplit.Replicated)
                .Add(ModelPart.LinearAttention, "self_attn.g_b_proj", width, dim, WeightSplit.Rows);
        }

        weights.Add(ModelPart.LinearAttention, "self_attn.o_proj", hidden, width, WeightSplit.Columns)
            .AddVector("self_attn.o_norm", dim + heads + width);
    }
}
