namespace Foretoken.Hardware.Models.Families;

/// <summary>Mixers with a state of constant size: gated delta net (Qwen 3.5), KDA (Kimi K3), Mamba 2 (Nemotron-H).</summary>
internal static class LinearAttention
{
    public static AttentionShape GatedDelta(ConfigKeys keys)
    {
        var (keyHeads, keyDim, heads, dim, kernel) = Sizes(keys);
        if (heads % keyHeads != 0)
        {
            keys.Add("linear_num_value_heads", $"is {heads}, which is no multiple of {keyHeads} key heads (linear_num_key_heads)");
        }

        var convolved = (2L * keyHeads * keyDim) + ((long)heads * dim);
        return State(heads, keyDim, dim, StateBytes(keys, "mamba_ssm_dtype"), convolved, kernel);
    }

    public static void AddGatedDelta(LayerWeights weights, ConfigKeys keys, int hidden)
    {
        var (keyHeads, keyDim, heads, dim, kernel) = Sizes(keys);
        var convolved = (2L * keyHeads * keyDim) + ((long)heads * dim);
        weights.Add(ModelPart.LinearAttention, "linear_attn.in_proj_qkv", convolved, hidden, WeightSplit.Rows)
            .Add(ModelPart.LinearAttention, "linear_attn.in_proj_z", (long)heads * dim, hidden, WeightSplit.Rows)
            .AddPlain(ModelPart.LinearAttention, "linear_attn.in_proj_ba", 2L * heads, hidden, WeightSplit.Rows)
            .AddPlain(ModelPart.LinearAttention, "linear_attn.conv1d", convolved, kernel, WeightSplit.Rows)
            .Add(ModelPart.LinearAttention, "linear_attn.out_proj", hidden, (long)heads * dim, WeightSplit.Columns)
            .AddVector("linear_attn.norm", dim + (2L * heads));
    }

    /// <summary>A state of heads x key x value numbers, and the last inputs of a short convolution in 16 bits.</summary>
    public static AttentionShape State(int heads, int keyDim, int dim, int bytes, long convolved, int kernel) => new(AttentionKind.Linear)
    {
        Heads = heads,
        KvHeads = heads,
        KeyDim = keyDim,
        ValueDim = dim,
        SumDim = dim,
        StateBytes = ((long)heads * keyDim * dim * bytes) + (convolved * (kernel - 1) * 2),
        ConvolutionBytesPerToken = convolved * 2,
    };

    /// <summary>Bytes of a number of the state: the config's word, else 4 (engines keep states in 32 bits).</summary>
    public static int StateBytes(ConfigKeys keys, string name) => keys.Text(name) is "bfloat16" or "float16" ? 2 : 4;

    private static (int KeyHeads, int KeyDim, int Heads, int Dim, int Kernel) Sizes(ConfigKeys keys) => (
        keys.Need("linear_num_key_heads"), keys.Need("linear_key_head_dim"),
        keys.Need("linear_num_value_heads"), keys.Need("linear_value_head_dim"), keys.Need("linear_conv_kernel_dim"));
}
