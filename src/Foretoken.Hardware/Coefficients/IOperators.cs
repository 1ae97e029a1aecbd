using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Where the operators of a forward pass come from. Everything else about a step (layers, ranks, pipeline, graphs, host) is
/// put together in one way, whatever an operator's time rests on.
/// </summary>
internal interface IOperators
{
    /// <summary>Peaks of the GPU.</summary>
    SystemFigures Figures { get; }

    /// <summary>Start of a message to the next pipeline stage, us.</summary>
    double SendUs { get; }

    /// <summary>A dense product.</summary>
    /// <param name="what">What it is, for notes.</param>
    /// <param name="dtype">Number format as the tables name it.</param>
    /// <param name="weightBytes">Bytes of a weight, scales included.</param>
    /// <param name="n">Outputs on this rank.</param>
    /// <param name="k">Inputs on this rank.</param>
    /// <param name="fusedQuantisation">Whether the kernel before it already writes activations in the product's format.</param>
    IProduct Product(string what, string dtype, double weightBytes, double n, double k, bool fusedQuantisation = false);

    /// <summary>The routed experts of a layer.</summary>
    IRoutedExperts Experts(in ExpertShape shape);

    /// <summary>Softmax attention of decoding requests.</summary>
    IDecodeAttention Generation(in HeadShape heads);

    /// <summary>Softmax attention of prompts.</summary>
    IPromptAttention Context(in HeadShape heads);

    /// <summary>Latent attention of decoding requests.</summary>
    IDecodeAttention LatentGeneration(in LatentShape shape);

    /// <summary>Latent attention of prompts.</summary>
    IPromptAttention LatentContext(in LatentShape shape);

    /// <summary>A collective.</summary>
    /// <param name="operation">all_reduce, all_gather or reduce_scatter.</param>
    /// <param name="ranks">Over how many ranks.</param>
    /// <param name="custom">Whether the engine may have a kernel of its own for it.</param>
    /// <param name="domain">GPUs that fast links join.</param>
    ICollective Collective(string operation, int ranks, bool custom, int domain);

    /// <summary>One way of an exchange of tokens that goes only to the ranks of their experts.</summary>
    /// <param name="kind">The kernels.</param>
    /// <param name="isDispatch">Whether tokens go to the experts, or come back.</param>
    /// <param name="leavesDomain">Whether some of the ranks lie outside the fast links' domain.</param>
    ITokenWay Way(ExpertExchange kind, bool isDispatch, bool leavesDomain);

    /// <summary>A recurrent mixer; null leaves it out.</summary>
    LinearAttentionKernel? Linear(double heads, double keyDim, double valueDim, double stateBytes);

    /// <summary>The indexer of sparse attention; null leaves it out.</summary>
    Indexer? Indexer(double width, double bytesPerToken, double tokensPerKey);
}

/// <summary>Routed experts of one rank.</summary>
/// <param name="Dtype">Number format as the tables name it.</param>
/// <param name="WeightBytes">Bytes of a weight, scales included.</param>
/// <param name="Count">Experts of the layer.</param>
/// <param name="PerToken">Experts per token.</param>
/// <param name="Hidden">Inputs of an expert.</param>
/// <param name="FullWidth">Width of an expert before it is divided.</param>
/// <param name="Shards">Ranks that share an expert.</param>
/// <param name="Groups">Groups that the experts are dealt out to.</param>
/// <param name="Matrices">Matrices per expert: 3 with a gate.</param>
/// <param name="Skew">Power-law exponent of the experts' popularity; 0 for balanced.</param>
/// <param name="ImbalanceFactor">Factor on the exponent of the imbalance over groups.</param>
/// <param name="Received">Share of all ranks' tokens that a rank holds when the experts start.</param>
/// <param name="Kernels">Which kernels.</param>
internal readonly record struct ExpertShape(
    string Dtype, double WeightBytes, int Count, int PerToken, int Hidden, int FullWidth, int Shards, int Groups, int Matrices, double Skew, double ImbalanceFactor,
    double Received = 1, ExpertKernels Kernels = ExpertKernels.Tabled);

/// <summary>Softmax attention of one rank.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Heads of the KV cache.</param>
/// <param name="Dim">Numbers per head.</param>
/// <param name="KvBytes">Bytes of a cached number.</param>
/// <param name="Window">Tokens that a token sees; 0 for all.</param>
internal readonly record struct HeadShape(double Heads, double KvHeads, double Dim, double KvBytes, double Window);

/// <summary>Latent attention of one rank.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyDim">Numbers of a cached entry.</param>
/// <param name="SumDim">Numbers that are summed up.</param>
/// <param name="PairDim">Numbers per head that a pair of tokens multiplies in a prompt.</param>
/// <param name="KvBytes">Bytes of a cached number.</param>
/// <param name="Sparse">Whether a token sees only chosen or compressed entries.</param>
internal readonly record struct LatentShape(double Heads, double KeyDim, double SumDim, double PairDim, double KvBytes, bool Sparse);
