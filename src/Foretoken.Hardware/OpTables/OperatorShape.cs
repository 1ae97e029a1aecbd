namespace Foretoken.Hardware.OpTables;

/// <summary>What tells the grids of a table apart, and what their axes count.</summary>
/// <param name="Name">Name in files and messages.</param>
/// <param name="Names">Keys that are words.</param>
/// <param name="Sizes">Keys that are whole numbers.</param>
/// <param name="Row">Outer axis; empty where there is only one row.</param>
/// <param name="Point">Inner axis.</param>
public sealed record OperatorShape(string Name, IReadOnlyList<string> Names, IReadOnlyList<string> Sizes, string Row, string Point)
{
    private static readonly OperatorShape[] All =
    [
        new("gemm", ["dtype"], ["n", "k"], "", "m"),
        new("moe", ["dtype", "distribution"], ["hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"], "", "num_tokens"),
        new("context_attention", ["attn_dtype", "kv_cache_dtype"], ["head_dim", "window_size", "num_heads", "num_key_value_heads"], "batch_size", "isl"),
        new("generation_attention", ["kv_cache_dtype"], ["head_dim", "window_size", "num_heads", "num_key_value_heads"], "batch_size", "context"),
        new("context_mla", ["attn_dtype", "kv_cache_dtype"], ["num_heads"], "batch_size", "isl"),
        new("generation_mla", ["kv_cache_dtype"], ["num_heads"], "batch_size", "context"),
        new("collective", ["op_name"], ["num_gpus"], "", "bytes"),
    ];

    /// <summary>The shape of a kind.</summary>
    public static OperatorShape Of(OperatorKind kind) => All[(int)kind];
}
