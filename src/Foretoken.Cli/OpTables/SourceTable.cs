using Foretoken.Hardware.OpTables;

namespace Foretoken.Cli.OpTables;

/// <summary>How a file of aiconfigurator's layout becomes an operator table. Expressions are SQL over the file's columns.</summary>
/// <param name="Kind">The operator.</param>
/// <param name="Words">Columns that must be text.</param>
/// <param name="Counts">Columns that must be whole numbers.</param>
/// <param name="Names">Expressions for <see cref="OperatorShape.Names"/>.</param>
/// <param name="Sizes">Expressions for <see cref="OperatorShape.Sizes"/>.</param>
/// <param name="Row">Expression for the outer axis.</param>
/// <param name="At">Expression for the inner axis.</param>
/// <param name="Where">Rows that are used.</param>
/// <param name="Others">What the other rows are; empty where all are used.</param>
internal sealed record SourceTable(OperatorKind Kind, string[] Words, string[] Counts, string[] Names, string[] Sizes, string Row, string At, string Where, string Others)
{
    // Collectives: message_size counts elements of two bytes, not bytes; only then do the large ones reach the links' speed.
    private static readonly Dictionary<string, SourceTable> Known = new()
    {
        ["gemm_perf"] = new(OperatorKind.Gemm, ["gemm_dtype"], ["m", "n", "k"], ["gemm_dtype"], ["n", "k"], "0", "m", "true", ""),
        ["moe_perf"] = new(
            OperatorKind.Experts, ["moe_dtype", "distribution"], ["num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"],
            ["moe_dtype", "distribution"], ["hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"], "0", "num_tokens", "true", ""),
        ["context_attention_perf"] = Attention(OperatorKind.ContextAttention, ["attn_dtype", "kv_cache_dtype"], ["attn_dtype", "kv_cache_dtype"], "isl", "step = 0 AND beam_width = 1", "measured behind cached tokens or with beams"),
        ["generation_attention_perf"] = Attention(OperatorKind.GenerationAttention, ["kv_cache_dtype"], ["kv_cache_dtype"], "isl + step", "beam_width = 1", "measured with beams"),
        ["context_mla_perf"] = new(
            OperatorKind.LatentContext, ["mla_dtype", "kv_cache_dtype"], ["batch_size", "isl", "num_heads"], ["mla_dtype", "kv_cache_dtype"], ["num_heads"], "batch_size", "isl", "true", ""),
        ["generation_mla_perf"] = new(
            OperatorKind.LatentGeneration, ["kv_cache_dtype"], ["batch_size", "isl", "step", "num_heads"], ["kv_cache_dtype"], ["num_heads"], "batch_size", "isl + step", "true", ""),
        ["nccl_perf"] = new(
            OperatorKind.Collective, ["op_name", "nccl_dtype"], ["num_gpus", "message_size"], ["op_name"], ["num_gpus"], "0", "message_size * 2", "nccl_dtype IN ('half', 'bfloat16')", "measured in other number formats"),
        ["custom_allreduce_perf"] = new(
            OperatorKind.Collective, ["kernel_source"], ["num_gpus", "message_size"], ["'all_reduce'"], ["num_gpus"], "0", "message_size * 2", "NOT contains(lower(kernel_source), 'eager')", "measured without CUDA graphs"),
    };

    // Columns that older tables lack, and what stands for them, as aiconfigurator reads such tables. MLA: DeepSeek's 128 heads.
    private static readonly Dictionary<string, (string Needs, string Value)> Older = new()
    {
        ["window_size"] = ("", "0"),
        ["head_dim"] = ("", "128"),
        ["beam_width"] = ("", "1"),
        ["num_heads"] = ("tp_size", "128 // tp_size"),
    };

    /// <summary>Names of the files that are understood, without their ending.</summary>
    public static IEnumerable<string> Files => Known.Keys;

    /// <summary>Columns that the file must have, latency included.</summary>
    public IEnumerable<string> Columns => Words.Concat(Counts).Append("latency");

    /// <summary>The table that a file of this name holds; null for a file that is not used.</summary>
    public static SourceTable? Of(string file) => Known.GetValueOrDefault(Path.GetFileNameWithoutExtension(file));

    /// <summary>What stands for a column that older tables lack, given the columns that there are; null where nothing does.</summary>
    public static string? Instead(string column, Func<string, bool> there) =>
        Older.TryGetValue(column, out var older) && (older.Needs.Length == 0 || there(older.Needs)) ? older.Value : null;

    private static SourceTable Attention(OperatorKind kind, string[] words, string[] names, string at, string where, string others) => new(
        kind, words, ["batch_size", "isl", "num_heads", "num_key_value_heads", "head_dim", "beam_width", "step", "window_size"], names,
        ["head_dim", "window_size", "num_heads", "CASE WHEN num_key_value_heads = 0 THEN num_heads ELSE num_key_value_heads END"], "batch_size", at, where, others);
}
