using System.Text.Json;

namespace Foretoken.Hardware.Models.Families;

/// <summary>Nemotron made by architecture search (DeciLM): a Llama whose layers differ in KV heads and width, or lack a half.</summary>
internal static class DeciFamily
{
    public static void Read(ModelDraft draft)
    {
        var keys = draft.Keys;
        var layers = keys.Need("num_hidden_layers");
        var heads = keys.Need("num_attention_heads");
        var dim = Math.Max(1, draft.Hidden / heads);
        if (keys.Find("block_configs") is not { ValueKind: JsonValueKind.Array } blocks || blocks.GetArrayLength() != layers)
        {
            keys.Add("block_configs", "is no list with one entry per layer", $"{layers} entries, each with attention and ffn");
            return;
        }

        var index = 0;
        foreach (var block in blocks.EnumerateArray())
        {
            draft.Layers.Add(Layer(draft, block, index++, heads, dim));
        }
    }

    private static ModelLayer Layer(ModelDraft draft, JsonElement block, int index, int heads, int dim)
    {
        var hidden = draft.Hidden;
        var weights = new LayerWeights($"layers.{index}");
        var attention = new AttentionShape(AttentionKind.None);
        var half = Half(block, "attention");
        if (Is(half, "replace_with_linear"))
        {
            weights.Add(ModelPart.Attention, "self_attn.linear_attn", hidden, hidden, WeightSplit.Replicated);
        }
        else if (!Is(half, "no_op"))
        {
            var group = Whole(half, "n_heads_in_group");
            if (group is null or < 1 || heads % group != 0)
            {
                draft.Keys.Add($"block_configs[{index}].attention.n_heads_in_group", $"is {(group is null ? "missing" : group.ToString())}", $"a divisor of {heads} attention heads");
                group = 1;
            }

            var kvHeads = heads / group.Value;
            attention = new AttentionShape(AttentionKind.Full) { Heads = heads, KvHeads = kvHeads, KeyDim = dim, ValueDim = dim, SumDim = dim };
            weights.Add(ModelPart.Attention, "self_attn.q_proj", (long)heads * dim, hidden, WeightSplit.Rows)
                .AddKv("self_attn.k_proj", kvHeads, dim, hidden)
                .AddKv("self_attn.v_proj", kvHeads, dim, hidden)
                .Add(ModelPart.Attention, "self_attn.o_proj", hidden, (long)heads * dim, WeightSplit.Columns)
                .AddVector("input_layernorm", hidden);
        }

        var ffn = new FfnShape();
        half = Half(block, "ffn");
        if (Is(half, "replace_with_linear"))
        {
            weights.Add(ModelPart.DenseFfn, "mlp.linear_mlp", hidden, hidden, WeightSplit.Replicated);
        }
        else if (!Is(half, "no_op"))
        {
            if (half.ValueKind != JsonValueKind.Object || !half.TryGetProperty("ffn_mult", out var mult) || mult.ValueKind != JsonValueKind.Number || !(mult.GetDouble() is > 0 and < 1000))
            {
                draft.Keys.Add($"block_configs[{index}].ffn.ffn_mult", "is missing or no number above 0");
            }
            else
            {
                // Two thirds of the multiple, rounded up to 256: the model's own rule.
                var width = (int)(2 * mult.GetDouble() * hidden / 3);
                ffn = new FfnShape { Dense = (width + 255) / 256 * 256 };
                weights.AddFfn(ffn, hidden, "mlp", "", "", "").AddVector("post_attention_layernorm", hidden);
            }
        }

        return new ModelLayer(index, attention, ffn, weights.All);
    }

    private static JsonElement Half(JsonElement block, string name) =>
        block.ValueKind == JsonValueKind.Object && block.TryGetProperty(name, out var half) ? half : default;

    private static bool Is(JsonElement half, string name) =>
        half.ValueKind == JsonValueKind.Object && half.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static int? Whole(JsonElement half, string name) =>
        half.ValueKind == JsonValueKind.Object && half.TryGetProperty(name, out var value) ? ConfigKeys.Whole(value) : null;
}
