namespace Foretoken.Hardware.Models;

/// <summary>A model while a family reads its config.</summary>
internal sealed class ModelDraft(ConfigKeys keys)
{
    public ConfigKeys Keys { get; } = keys;

    public int Hidden { get; } = keys.Need("hidden_size");

    public int Vocabulary { get; } = keys.Need("vocab_size");

    /// <summary>Layers, once the family knows how many.</summary>
    public List<ModelLayer> Layers { get; } = [];

    public List<ModelLayer> MtpLayers { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>Whether the head is the embedding when the config does not say.</summary>
    public bool TiedByDefault { get; set; }

    /// <summary>Adds an MTP layer: a layer of its own behind a projection of the embedding and the hidden state together.</summary>
    public void AddMtp(AttentionShape attention, FfnShape ffn, Func<string, LayerWeights> weights)
    {
        var index = MtpLayers.Count;
        var name = $"mtp.layers.{index}";
        var all = weights(name);
        all.Add(ModelPart.DenseFfn, "eh_proj", Hidden, 2L * Hidden, WeightSplit.Replicated).AddVector("norms", 3L * Hidden);
        MtpLayers.Add(new ModelLayer(index, attention, ffn, all.All));
    }
}
