namespace Foretoken.Hardware.Models;

/// <summary>Collects the weights of one layer under the module names of a checkpoint.</summary>
internal sealed class LayerWeights(string layer)
{
    private readonly List<WeightMatrix> _weights = [];

    public IReadOnlyList<WeightMatrix> All => _weights;

    /// <summary>A projection; <paramref name="module"/> is relative to the layer.</summary>
    public LayerWeights Add(ModelPart part, string module, long rows, long columns, WeightSplit split)
    {
        _weights.Add(new WeightMatrix(part, $"{layer}.{module}", rows, columns, split));
        return this;
    }

    /// <summary>A projection whose outputs are KV heads.</summary>
    public LayerWeights AddKv(string module, int heads, int width, int columns)
    {
        _weights.Add(new WeightMatrix(ModelPart.Attention, $"{layer}.{module}", (long)heads * width, columns, WeightSplit.KvHeads) { Heads = heads });
        return this;
    }

    /// <summary>A small matrix that stays as it is whatever the quantisation.</summary>
    public LayerWeights AddPlain(ModelPart part, string module, long rows, long columns, WeightSplit split = WeightSplit.Replicated)
    {
        _weights.Add(new WeightMatrix(part, $"{layer}.{module}", rows, columns, split) { MayBeQuantised = false });
        return this;
    }

    /// <summary>A vector: a norm, a bias.</summary>
    public LayerWeights AddVector(string module, long length, WeightSplit split = WeightSplit.Replicated) => AddPlain(ModelPart.Norms, module, length, 1, split);

    /// <summary>Routed, shared and dense networks of a layer.</summary>
    /// <param name="ffn">Their widths.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="dense">Module of the dense network.</param>
    /// <param name="experts">Module of the experts.</param>
    /// <param name="shared">Module of the shared experts.</param>
    /// <param name="router">Module of the router.</param>
    public LayerWeights AddFfn(FfnShape ffn, int hidden, string dense, string experts, string shared, string router)
    {
        AddNetwork(ModelPart.DenseFfn, dense, ffn.Dense, hidden, ffn.Matrices, 1, 1);
        if (ffn.Experts > 0)
        {
            AddPlain(ModelPart.Router, router, ffn.Experts, hidden);
            AddNetwork(ModelPart.RoutedExperts, experts, ffn.ExpertWidth, ffn.ExpertInput, ffn.Matrices, ffn.Experts, ffn.ExpertsPerToken);
            if (ffn.ExpertInput != hidden)
            {
                Add(ModelPart.SharedExperts, experts + ".latent_in_proj", ffn.ExpertInput, hidden, WeightSplit.Replicated);
                Add(ModelPart.SharedExperts, experts + ".latent_out_proj", hidden, ffn.ExpertInput, WeightSplit.Replicated);
            }
        }

        AddNetwork(ModelPart.SharedExperts, shared, ffn.SharedWidth, hidden, ffn.Matrices, 1, 1);
        return this;
    }

    private void AddNetwork(ModelPart part, string module, int width, int input, int matrices, int copies, int perToken)
    {
        if (width == 0)
        {
            return;
        }

        void One(string name, long rows, long columns, WeightSplit split) => _weights.Add(
            new WeightMatrix(part, $"{layer}.{module}.{name}", rows, columns, split) { Copies = copies, CopiesPerToken = perToken });
        if (matrices == 3)
        {
            One("gate_proj", width, input, WeightSplit.Rows);
        }

        One("up_proj", width, input, WeightSplit.Rows);
        One("down_proj", input, width, WeightSplit.Columns);
    }
}
