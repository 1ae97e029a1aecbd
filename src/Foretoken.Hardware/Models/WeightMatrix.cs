namespace Foretoken.Hardware.Models;

/// <summary>What a matrix is for; decides who shares it out over GPUs and where it is listed.</summary>
public enum ModelPart
{
    /// <summary>Token embedding.</summary>
    Embedding,

    /// <summary>Projection to the vocabulary.</summary>
    Head,

    /// <summary>Softmax attention's projections, the compressors of compressed attention included.</summary>
    Attention,

    /// <summary>The indexer that picks the tokens that sparse attention reads.</summary>
    Indexer,

    /// <summary>Linear attention and state-space mixers.</summary>
    LinearAttention,

    /// <summary>A feed-forward network that every token passes.</summary>
    DenseFfn,

    /// <summary>Scores that choose experts.</summary>
    Router,

    /// <summary>Experts of which a token passes some.</summary>
    RoutedExperts,

    /// <summary>Experts that every token passes.</summary>
    SharedExperts,

    /// <summary>Norms, biases and other vectors.</summary>
    Norms,
}

/// <summary>How tensor parallelism divides a matrix.</summary>
public enum WeightSplit
{
    /// <summary>Every rank holds all of it.</summary>
    Replicated,

    /// <summary>Each rank holds its share of the outputs.</summary>
    Rows,

    /// <summary>Each rank holds its share of the inputs.</summary>
    Columns,

    /// <summary>Outputs are KV heads: a rank holds its share, at least one head.</summary>
    KvHeads,
}

/// <summary>One weight matrix, or several equal ones (experts).</summary>
/// <param name="Part">What it is for.</param>
/// <param name="Module">Name as in the checkpoint without the leading <c>model.</c>: <c>layers.3.self_attn.q_proj</c>.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs; 1 for a vector.</param>
/// <param name="Split">How tensor parallelism divides it.</param>
public sealed record WeightMatrix(ModelPart Part, string Module, long Rows, long Columns, WeightSplit Split)
{
    /// <summary>Equal matrices of this shape: the number of experts, else 1.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>How many of the copies one token passes through.</summary>
    public int CopiesPerToken { get; init; } = 1;

    /// <summary>Heads among the rows, for <see cref="WeightSplit.KvHeads"/>.</summary>
    public int Heads { get; init; }

    /// <summary>Whether quantisation may touch it; vectors, routers, embedding and head stay as they are.</summary>
    public bool MayBeQuantised { get; init; } = true;

    /// <summary>Number format.</summary>
    public WeightFormat Format { get; init; } = WeightFormat.Bf16;

    /// <summary>Parameters of all copies.</summary>
    public long Parameters => checked(Rows * Columns * Copies);

    /// <summary>Parameters that one token passes through.</summary>
    public long ParametersPerToken => Rows * Columns * CopiesPerToken;

    /// <summary>Bytes of all copies.</summary>
    public long Bytes => Format.Bytes(Rows, Columns) * Copies;
}
