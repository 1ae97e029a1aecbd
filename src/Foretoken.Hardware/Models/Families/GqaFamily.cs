using System.Text.Json;

namespace Foretoken.Hardware.Models.Families;

/// <summary>
/// Decoders with softmax attention over KV heads: Llama, Qwen, Mistral, Mixtral, gpt-oss, GLM-4, Gemma, MiniMax, MiMo, Step;
/// with windows, chunks, linear-attention layers, experts, block-sparse attention.
/// </summary>
internal static class GqaFamily
{
    /// <summary>Names of a checkpoint's modules, as exclusions from quantisation use them.</summary>
    private sealed record Modules(string Dense, string Experts, string Shared, string Router);

    private static readonly Modules Usual = new("mlp", "mlp.experts", "mlp.shared_experts", "mlp.gate");

    public static void Read(ModelDraft draft, string architecture)
    {
        var keys = draft.Keys;
        var layers = keys.Need("num_hidden_layers");
        var modules = architecture switch
        {
            "MixtralForCausalLM" or "MiniMaxM2ForCausalLM" or "MiniMaxM3ForCausalLM" => new Modules("mlp", "block_sparse_moe.experts", "block_sparse_moe.shared_experts", "block_sparse_moe.gate"),
            "Llama4ForConditionalGeneration" => new Modules("feed_forward", "feed_forward.experts", "feed_forward.shared_expert", "feed_forward.router"),
            "GptOssForCausalLM" => Usual with { Router = "mlp.router" },
            "Gemma4ForConditionalGeneration" => Usual with { Experts = "experts", Router = "router" },
            _ => keys.Has("shared_expert_intermediate_size") ? Usual with { Shared = "mlp.shared_expert" } : Usual,
        };
        draft.TiedByDefault = architecture.StartsWith("Gemma", StringComparison.Ordinal);
        foreach (var key in (string[])["hidden_size_per_layer_input", "num_kv_shared_layers"])
        {
            if (keys.OrZero(key) > 0)
            {
                keys.Add(key, "is used by this model, but is not supported yet", "what is missing: its weights and its KV sharing");
            }
        }

        var mixers = Mixers(draft, architecture, layers);
        var ffns = FfnKeys.Read(draft, layers);
        for (var i = 0; i < layers; i++)
        {
            draft.Layers.Add(new ModelLayer(i, mixers[i], ffns[i], Weights(draft, architecture, modules, $"layers.{i}", i, mixers[i], ffns[i]).All));
        }

        var mtp = architecture is "MiniMaxM2ForCausalLM" or "MiniMaxM3ForCausalLM"
            ? keys.OrZero("num_mtp_modules") * keys.Or(1, "mtp_transformer_layers")
            : keys.OrZero("num_nextn_predict_layers", "mtp_num_hidden_layers");
        // An MTP layer is built like the last layer with a KV cache.
        var like = mixers.ToList().FindLastIndex(m => m.Kind != AttentionKind.Linear);
        for (var i = 0; i < mtp && like >= 0; i++)
        {
            draft.AddMtp(mixers[like], ffns[like], name => Weights(draft, architecture, modules, name, like, mixers[like], ffns[like]));
        }
    }

    private static AttentionShape[] Mixers(ModelDraft draft, string architecture, int layers)
    {
        var keys = draft.Keys;
        var heads = keys.Need("num_attention_heads");
        var kvHeads = keys.Or(heads, "num_key_value_heads");
        if (heads % kvHeads != 0 && keys.Held("num_attention_heads", "num_key_value_heads"))
        {
            keys.Add("num_key_value_heads", $"is {kvHeads}, which does not divide {heads} attention heads", "each KV head serves the same number of query heads");
        }

        if (!keys.Has("head_dim") && draft.Hidden % heads != 0 && keys.Held("num_attention_heads", "hidden_size"))
        {
            keys.Add("head_dim", $"is missing, and hidden_size {draft.Hidden} is no multiple of {heads} heads", "state head_dim");
        }

        var dim = keys.Or(Math.Max(1, draft.Hidden / heads), "head_dim");
        var value = keys.Or(dim, "v_head_dim");
        var full = new AttentionShape(AttentionKind.Full) { Heads = heads, KvHeads = kvHeads, KeyDim = dim, ValueDim = value, SumDim = value };
        if (architecture == "Gemma4ForConditionalGeneration" && keys.Has("global_head_dim"))
        {
            var wide = keys.Need("global_head_dim");
            var sharing = keys.Flag("attention_k_eq_v") ? keys.Or(kvHeads, "num_global_key_value_heads") : kvHeads;
            full = full with { KvHeads = sharing, KeyDim = wide, ValueDim = wide, SumDim = wide };
        }

        var local = new AttentionShape(AttentionKind.SlidingWindow)
        {
            Heads = keys.Or(heads, "swa_num_attention_heads"),
            KvHeads = keys.Or(kvHeads, "swa_num_key_value_heads"),
            KeyDim = keys.Or(dim, "swa_head_dim"),
            ValueDim = keys.Or(value, "swa_v_head_dim"),
            SumDim = keys.Or(value, "swa_v_head_dim"),
        };
        var kinds = Kinds(keys, architecture, layers);
        if (kinds.Contains("sliding_attention"))
        {
            local = local with { Window = keys.Need("sliding_window") };
        }

        var chunked = full with { Kind = AttentionKind.Chunked, Window = keys.Or(1, "attention_chunk_size") };
        var linear = kinds.Contains("linear_attention") ? LinearAttention.GatedDelta(keys) : full;
        var sparse = keys.Section("sparse_attention_config") is { } section && section.Flag("use_sparse_attention")
            ? BlockSparse(full, section, layers) : null;
        return [.. kinds.Select((kind, i) => kind switch
        {
            "sliding_attention" => local,
            "chunked_attention" => chunked,
            "linear_attention" => linear,
            _ => sparse is null ? full : sparse[i],
        })];
    }

    private static IReadOnlyList<string> Kinds(ConfigKeys keys, string architecture, int layers)
    {
        if (keys.Has("layer_types"))
        {
            var listed = keys.PerLayer(
                "layer_types",
                layers,
                e => e.ValueKind == JsonValueKind.String && e.GetString() is "full_attention" or "sliding_attention" or "linear_attention" or "chunked_attention" ? e.GetString() : null,
                "full_attention, sliding_attention, chunked_attention or linear_attention");
            return listed ?? Same("full_attention", layers);
        }

        if (keys.Has("hybrid_layer_pattern"))
        {
            var pattern = keys.PerLayer("hybrid_layer_pattern", layers, e => ConfigKeys.Whole(e) switch { 0 => "full_attention", 1 => "sliding_attention", _ => null }, "0 (full) or 1 (window)");
            return pattern ?? Same("full_attention", layers);
        }

        if (architecture == "Llama4ForConditionalGeneration" && keys.Has("attention_chunk_size"))
        {
            var every = keys.Or(4, "no_rope_layer_interval");
            return [.. Enumerable.Range(0, layers).Select(i => (i + 1) % every == 0 ? "full_attention" : "chunked_attention")];
        }

        if (architecture.StartsWith("Gemma3", StringComparison.Ordinal))
        {
            var every = keys.Or(6, "sliding_window_pattern");
            return [.. Enumerable.Range(0, layers).Select(i => (i + 1) % every == 0 ? "full_attention" : "sliding_attention")];
        }

        var windowed = architecture is "MistralForCausalLM" or "MixtralForCausalLM" ? keys.Has("sliding_window") : keys.Flag("use_sliding_window");
        var fullLayers = architecture.StartsWith("Qwen2", StringComparison.Ordinal) && windowed ? keys.OrZero("max_window_layers") : 0;
        return [.. Enumerable.Range(0, layers).Select(i => windowed && i >= fullLayers ? "sliding_attention" : "full_attention")];
    }

    private static AttentionShape[] BlockSparse(AttentionShape full, ConfigKeys section, int layers)
    {
        var on = section.PerLayer("sparse_attention_freq", layers, e => ConfigKeys.Whole(e) switch { 0 => "0", 1 => "1", _ => null }, "0 or 1") ?? Same("1", layers);
        var sparse = full with
        {
            TopK = section.Need("sparse_topk_blocks") * section.Need("sparse_block_size"),
            IndexerBytesPerToken = 2.0 * section.Need("sparse_index_dim"),
        };
        return [.. on.Select(o => o == "1" ? sparse : full)];
    }

    private static LayerWeights Weights(ModelDraft draft, string architecture, Modules modules, string name, int index, AttentionShape mixer, FfnShape ffn)
    {
        var keys = draft.Keys;
        var hidden = draft.Hidden;
        var weights = new LayerWeights(name);
        if (mixer.Kind == AttentionKind.Linear)
        {
            LinearAttention.AddGatedDelta(weights, keys, hidden);
        }
        else
        {
            var gated = keys.Flag("attn_output_gate") || keys.Flag("attention_output_gate") ? 2 : 1;
            weights.Add(ModelPart.Attention, "self_attn.q_proj", (long)mixer.Heads * mixer.KeyDim * gated, hidden, WeightSplit.Rows)
                .AddKv("self_attn.k_proj", mixer.KvHeads, mixer.KeyDim, hidden);
            if (!(keys.Flag("attention_k_eq_v") && mixer.Kind == AttentionKind.Full))
            {
                weights.AddKv("self_attn.v_proj", mixer.KvHeads, mixer.ValueDim, hidden);
            }

            weights.Add(ModelPart.Attention, "self_attn.o_proj", hidden, (long)mixer.Heads * mixer.ValueDim, WeightSplit.Columns);
            if (keys.Flag("attention_bias", architecture.StartsWith("Qwen2", StringComparison.Ordinal)))
            {
                weights.AddVector("self_attn.bias", (long)mixer.Heads * mixer.KeyDim + mixer.EntryNumbers, WeightSplit.Rows);
            }

            if (mixer.TopK > 0 && keys.Section("sparse_attention_config") is { } sparse)
            {
                var dim = sparse.Need("sparse_index_dim");
                weights.AddPlain(ModelPart.Indexer, "self_attn.index_q_proj", (long)sparse.Need("sparse_num_index_heads") * dim, hidden)
                    .AddPlain(ModelPart.Indexer, "self_attn.index_k_proj", dim, hidden);
            }
        }

        weights.AddFfn(ffn, hidden, modules.Dense, modules.Experts, modules.Shared, modules.Router);
        if (architecture == "GptOssForCausalLM")
        {
            weights.AddVector("mlp.experts.bias", (long)ffn.Experts * (2L * ffn.ExpertWidth + hidden), WeightSplit.Rows)
                .AddVector("self_attn.sinks", mixer.Heads);
        }

        var norms = architecture.StartsWith("Gemma", StringComparison.Ordinal) ? 4 : 2;
        return weights.AddVector("norms", (long)norms * hidden);
    }

    private static string[] Same(string kind, int layers) => [.. Enumerable.Repeat(kind, layers)];
}
