using System.Text.Json;

namespace Foretoken.Hardware.Models.Families;

/// <summary>Nemotron-H: every layer is one of Mamba 2 (M), attention (*), dense network (-) or experts (E).</summary>
internal static class NemotronHFamily
{
    public static void Read(ModelDraft draft)
    {
        var keys = draft.Keys;
        var pattern = Pattern(keys, "hybrid_override_pattern", "layers_block_type");
        if (pattern.Length == 0)
        {
            keys.Add("hybrid_override_pattern", "is missing", "a letter per layer (M, *, -, E), or layers_block_type");
        }

        if (keys.Has("num_hidden_layers") && keys.Need("num_hidden_layers") is var stated && pattern.Length > 0 && stated != pattern.Length)
        {
            keys.Add("num_hidden_layers", $"is {stated}, but the pattern of layers has {pattern.Length}");
        }

        for (var i = 0; i < pattern.Length; i++)
        {
            draft.Layers.Add(Layer(draft, pattern[i], i, $"layers.{i}").Layer);
        }

        var mtp = Pattern(keys, "mtp_hybrid_override_pattern", "mtp_layers_block_type");
        for (var i = 0; i < keys.OrZero("num_nextn_predict_layers"); i++)
        {
            for (var j = 0; j < mtp.Length; j++)
            {
                var name = $"mtp.layers.{draft.MtpLayers.Count}";
                var (layer, weights) = Layer(draft, mtp[j], draft.MtpLayers.Count, name);
                if (j == 0)
                {
                    weights.Add(ModelPart.DenseFfn, "eh_proj", draft.Hidden, 2L * draft.Hidden, WeightSplit.Replicated);
                }

                draft.MtpLayers.Add(layer);
            }
        }
    }

    private static string Pattern(ConfigKeys keys, string letters, string words)
    {
        if (keys.Text(letters) is { } text)
        {
            var bad = text.FirstOrDefault(c => c is not ('M' or '*' or '-' or 'E'));
            if (bad != default)
            {
                keys.Add(letters, $"has the letter '{bad}'", "M (Mamba), * (attention), - (dense network), E (experts)");
                return "";
            }

            return text;
        }

        if (keys.Find(words) is not { ValueKind: JsonValueKind.Array } list)
        {
            return "";
        }

        var read = list.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString() : null)
            .Select(w => w switch { "mamba" => 'M', "attention" => '*', "mlp" => '-', "moe" => 'E', _ => '?' }).ToArray();
        if (read.Contains('?'))
        {
            keys.Add(words, $"entry {Array.IndexOf(read, '?') + 1} is no kind of layer", "mamba, attention, mlp or moe");
            return "";
        }

        return new string(read);
    }

    private static (ModelLayer Layer, LayerWeights Weights) Layer(ModelDraft draft, char kind, int index, string name)
    {
        var keys = draft.Keys;
        var hidden = draft.Hidden;
        var weights = new LayerWeights(name).AddVector("norm", hidden);
        var attention = new AttentionShape(AttentionKind.None);
        var ffn = new FfnShape();
        switch (kind)
        {
            case 'M':
                attention = Mamba(keys, weights, hidden);
                break;
            case '*':
                attention = Attention(keys, weights, hidden);
                break;
            case '-':
                ffn = new FfnShape { Dense = keys.Need("intermediate_size"), Matrices = 2 };
                weights.AddFfn(ffn, hidden, "mixer", "mixer.experts", "mixer.shared_experts", "mixer.gate");
                break;
            default:
                ffn = Experts(keys, hidden);
                weights.AddFfn(ffn, hidden, "mixer", "mixer.experts", "mixer.shared_experts", "mixer.gate");
                break;
        }

        return (new ModelLayer(index, attention, ffn, weights.All), weights);
    }

    private static FfnShape Experts(ConfigKeys keys, int hidden) => new()
    {
        Experts = keys.Need("n_routed_experts"),
        ExpertsPerToken = keys.Need("num_experts_per_tok"),
        ExpertWidth = keys.Need("moe_intermediate_size"),
        SharedWidth = keys.OrZero("n_shared_experts") * keys.Or(1, "moe_shared_expert_intermediate_size", "moe_intermediate_size"),
        ExpertInput = keys.Or(hidden, "moe_latent_size"),
        Matrices = 2,
    };

    private static AttentionShape Attention(ConfigKeys keys, LayerWeights weights, int hidden)
    {
        var heads = keys.Need("num_attention_heads");
        var kvHeads = keys.Or(heads, "num_key_value_heads");
        var dim = keys.Or(Math.Max(1, hidden / heads), "head_dim", "attention_head_dim");
        weights.Add(ModelPart.Attention, "mixer.q_proj", (long)heads * dim, hidden, WeightSplit.Rows)
            .AddKv("mixer.k_proj", kvHeads, dim, hidden)
            .AddKv("mixer.v_proj", kvHeads, dim, hidden)
            .Add(ModelPart.Attention, "mixer.o_proj", hidden, (long)heads * dim, WeightSplit.Columns);
        return new AttentionShape(AttentionKind.Full) { Heads = heads, KvHeads = kvHeads, KeyDim = dim, ValueDim = dim, SumDim = dim };
    }

    private static AttentionShape Mamba(ConfigKeys keys, LayerWeights weights, int hidden)
    {
        var heads = keys.Need("mamba_num_heads");
        var dim = keys.Need("mamba_head_dim");
        var state = keys.Need("ssm_state_size");
        var kernel = keys.Need("conv_kernel");
        var inner = (long)heads * dim;
        var convolved = inner + (2L * keys.Need("n_groups") * state);
        weights.Add(ModelPart.LinearAttention, "mixer.in_proj", inner + convolved + heads, hidden, WeightSplit.Rows)
            .AddPlain(ModelPart.LinearAttention, "mixer.conv1d", convolved, kernel, WeightSplit.Rows)
            .Add(ModelPart.LinearAttention, "mixer.out_proj", hidden, inner, WeightSplit.Columns)
            .AddVector("mixer.norm", inner + (3L * heads) + convolved);
        return LinearAttention.State(heads, state, dim, LinearAttention.StateBytes(keys, "mamba_ssm_cache_dtype"), convolved, kernel);
    }
}
