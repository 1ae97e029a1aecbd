using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>What equal layers cost on one rank, by operators.</summary>
internal sealed class LayerCost
{
    // Narrower matrices (short convolutions) ride along with the kernels around them.
    private const int LeastInputs = 64;

    private readonly double _reduceBytes;
    private readonly double _elementwise;
    private readonly double _contextBytes;
    private readonly int _reduces;
    private readonly TokenExchange? _prompts;
    private readonly TokenExchange? _answers;

    public LayerCost(ModelLayer layer, int count, ModelShape model, Deployment deployment, IOperators operators, Collectives collectives, EngineOverheads overheads)
    {
        Count = count;
        Name = $"{layer.Attention.Describe()}; {layer.Ffn.Describe()}";
        Mixer = new MixerCost(layer, deployment, operators);
        var tp = deployment.Layout.TensorParallel;
        Products = [.. Fused(layer.Weights).Select(group => Product(group, deployment, operators, tp))];
        var exchange = layer.Ffn.Experts > 0 && deployment.Layout.AttentionDataParallel > 1;
        if (exchange && deployment.Exchange != ExpertExchange.AllGatherReduceScatter)
        {
            _prompts = Routed(deployment.Exchange == ExpertExchange.DeepEpAuto ? ExpertExchange.DeepEpNormal : deployment.Exchange);
            _answers = deployment.Exchange == ExpertExchange.DeepEpAuto ? Routed(ExpertExchange.DeepEpLowLatency) : _prompts;
        }

        if (layer.Ffn.Experts > 0)
        {
            Experts = ExpertsOf(layer, deployment, operators, overheads.ImbalanceFactor, _answers?.Received ?? 1);
        }

        // Each half of a layer that is divided ends with an all-reduce; experts over data-parallel attention exchange tokens instead.
        _reduces = tp == 1 ? 0 : (layer.Attention.Kind == AttentionKind.None ? 0 : 1) + (layer.Ffn.Dense + layer.Ffn.Experts == 0 || exchange ? 0 : 1);
        _reduceBytes = 2.0 * model.Hidden;
        Exchange = exchange ? 2.0 * model.Hidden : 0;
        _contextBytes = layer.Attention.Kind == AttentionKind.None ? 0 : 2.0 * layer.Attention.Heads / tp * deployment.Layout.DecodeContextParallel * layer.Attention.SumDim;
        var norms = deployment.Layout.SequenceParallel ? tp : 1;
        _elementwise = ((overheads.ElementwiseBytes * model.Hidden / norms) + (6.0 * (layer.Ffn.Dense + layer.Ffn.SharedWidth) / tp)) / operators.Figures.Bandwidth;
        Collectives = collectives;
        ElementwiseUs = overheads.ElementwiseUs;

        TokenExchange Routed(ExpertExchange kind) =>
            new(kind, layer.Ffn, layer.Ffn.ExpertInput, ExpertDtype(layer, deployment, operators), deployment.Layout.ExpertRanks, (int)(deployment.Gpu.Domain?.Value ?? 8), operators);
    }

    /// <summary>Equal layers.</summary>
    public int Count { get; }

    /// <summary>What they are.</summary>
    public string Name { get; }

    /// <summary>Kernels that depend on context.</summary>
    public MixerCost Mixer { get; }

    /// <summary>Dense products, one fused kernel each.</summary>
    public IReadOnlyList<(string Name, IProduct Product)> Products { get; }

    /// <summary>Routed experts, or null.</summary>
    public IRoutedExperts? Experts { get; }

    /// <summary>Bytes per token that all-gather and reduce-scatter around the experts move; 0 for none.</summary>
    public double Exchange { get; }

    private Collectives Collectives { get; }

    private double ElementwiseUs { get; }

    /// <summary>Dense products of one layer, us.</summary>
    public double ProductsUs(double tokens)
    {
        var sum = 0.0;
        foreach (var (_, product) in Products)
        {
            sum += product.Us(tokens);
        }

        return sum;
    }

    /// <summary>Small kernels of one layer, us.</summary>
    public double SmallUs(double tokens) => ElementwiseUs + (tokens * _elementwise);

    /// <summary>All-reduces of one layer, and what ranks that share a KV cache exchange, us.</summary>
    public double ReduceUs(double tokens, bool graph) =>
        (_reduces == 0 ? 0 : _reduces * Collectives.AllReduce(tokens * _reduceBytes, graph)) + Collectives.ShareContext(tokens * _contextBytes);

    /// <summary>Experts and what moves tokens to them, one layer, us; tokens of all ranks.</summary>
    public double ExpertsUs(double groupTokens, bool prompts) => Experts is null ? 0 : Experts.Us(groupTokens) + ExchangeUs(groupTokens, prompts);

    /// <summary>Tokens to their experts and back, one layer, us.</summary>
    public double ExchangeUs(double groupTokens, bool prompts) =>
        Exchange == 0 ? 0 : (prompts ? _prompts : _answers)?.Us(groupTokens) ?? Collectives.Exchange(groupTokens * Exchange);

    // Matrices that read the same input in the same way are one product: q, k and v; gate and up.
    private static IEnumerable<List<WeightMatrix>> Fused(IReadOnlyList<WeightMatrix> weights) => weights
        .Where(w => w.Part is not (ModelPart.RoutedExperts or ModelPart.Norms) && w.Columns >= LeastInputs)
        .GroupBy(w => (w.Part, w.Columns, w.Format.Name, w.Split is WeightSplit.Rows or WeightSplit.KvHeads ? WeightSplit.Rows : w.Split))
        .Select(g => g.ToList());

    private static (string, IProduct) Product(List<WeightMatrix> group, Deployment deployment, IOperators operators, int tp)
    {
        var first = group[0];
        var rows = group.Sum(w => w.Split switch
        {
            WeightSplit.Rows => (double)((w.Rows + tp - 1) / tp),
            WeightSplit.KvHeads => w.Rows / w.Heads * Math.Max(1.0, (w.Heads + tp - 1) / tp),
            _ => w.Rows,
        });
        var columns = first.Split == WeightSplit.Columns ? (double)first.Columns / tp : first.Columns;
        var dtype = first.MayBeQuantised && first.Format != WeightFormat.Bf16 ? deployment.GemmDtype ?? WeightDtypes.Dense(first.Format) : WeightDtypes.Dense(first.Format);
        var name = string.Join("+", group.Select(w => w.Module[(w.Module.LastIndexOf('.') + 1)..]));
        return (name, operators.Product("dense products", dtype, WeightDtypes.Bytes(first.Format), Math.Floor(rows), columns, fusedQuantisation: true));
    }

    private static string ExpertDtype(ModelLayer layer, Deployment deployment, IOperators operators) =>
        deployment.ExpertDtype ?? WeightDtypes.Experts(layer.Weights.First(w => w.Part == ModelPart.RoutedExperts).Format, operators.Figures);

    private static IRoutedExperts ExpertsOf(ModelLayer layer, Deployment deployment, IOperators operators, double imbalance, double received)
    {
        var ffn = layer.Ffn;
        var format = layer.Weights.First(w => w.Part == ModelPart.RoutedExperts).Format;
        var dtype = ExpertDtype(layer, deployment, operators);
        var layout = deployment.Layout;
        return operators.Experts(new(
            dtype, WeightDtypes.Bytes(format), ffn.Experts, ffn.ExpertsPerToken, ffn.ExpertInput, ffn.ExpertWidth,
            layout.ExpertRanks / layout.ExpertParallel, layout.ExpertParallel, ffn.Matrices, deployment.ExpertSkew, imbalance,
            received, deployment.ExpertKernels));
    }
}
