namespace Foretoken.Hardware.Models;

/// <summary>A model as far as its cost goes: every layer, every weight with its number format, what a token leaves in the KV cache.</summary>
public sealed record ModelShape
{
    /// <summary>Name in the catalogue, or the file.</summary>
    public required string Name { get; init; }

    /// <summary>Class name from the config: <c>LlamaForCausalLM</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Entries of the vocabulary.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Longest context that the config states; 0 when it states none.</summary>
    public int MaxContext { get; init; }

    /// <summary>Whether head and embedding are one matrix.</summary>
    public bool TiedEmbedding { get; init; }

    /// <summary>Weight format of most matrices, as the checkpoint calls it.</summary>
    public required string Quantisation { get; init; }

    /// <summary>Format of the KV cache that the checkpoint asks for; null when it does not.</summary>
    public string? KvCacheFormat { get; init; }

    /// <summary>Layers in order.</summary>
    public required IReadOnlyList<ModelLayer> Layers { get; init; }

    /// <summary>Weights outside of layers: embedding, head, last norm.</summary>
    public required IReadOnlyList<WeightMatrix> Outside { get; init; }

    /// <summary>Multi-token-prediction layers; loaded only where they are used for speculation.</summary>
    public required IReadOnlyList<ModelLayer> MtpLayers { get; init; }

    /// <summary>What was left out or assumed, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>All weights of the model without its MTP layers.</summary>
    public IEnumerable<WeightMatrix> Weights => Outside.Concat(Layers.SelectMany(l => l.Weights));

    /// <summary>All weights of the MTP layers.</summary>
    public IEnumerable<WeightMatrix> MtpWeights => MtpLayers.SelectMany(l => l.Weights);

    /// <summary>Parameters without MTP layers.</summary>
    public long Parameters => Weights.Sum(w => w.Parameters);

    /// <summary>Parameters that one token passes, embedding and head included (as model cards count).</summary>
    public long ActiveParameters => Weights.Sum(w => w.ParametersPerToken);

    /// <summary>Bytes of all weights without MTP layers.</summary>
    public long WeightBytes => Weights.Sum(w => w.Bytes);

    /// <summary>Operations per token in matrices: two per parameter that the token passes, the embedding's look-up excepted.</summary>
    public long LinearOperationsPerToken =>
        2 * Weights.Where(w => w.Part != ModelPart.Embedding || TiedEmbedding).Sum(w => w.ParametersPerToken);

    /// <summary>KV bytes that each token adds, on one replica without tensor parallelism.</summary>
    public double KvBytesPerToken(int bytesPerNumber) => Layers.Sum(l => l.Attention.BytesPerToken(bytesPerNumber));

    /// <summary>Bytes of windows and states that each sequence holds besides.</summary>
    public long KvBytesPerSequence(int bytesPerNumber) => Layers.Sum(l => l.Attention.BytesPerSequence(bytesPerNumber));

    /// <summary>Operations of attention itself for one token that sees <paramref name="context"/> tokens.</summary>
    public double AttentionOperationsPerToken(long context) => Layers.Sum(l => l.Attention.OperationsPerToken(context));
}
