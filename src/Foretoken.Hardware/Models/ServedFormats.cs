namespace Foretoken.Hardware.Models;

/// <summary>A model with other weight formats than its checkpoint's: what quantised checkpoints of the same model, or quantisation at load, make of it.</summary>
public static class ServedFormats
{
    /// <summary>Names that <see cref="WithFormats"/> understands: those of checkpoints, and those of the operator tables.</summary>
    public static IReadOnlyList<string> Names { get; } = ["bf16", "bfloat16", "fp8", "fp8_block", "nvfp4", "mxfp4", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8", "int4", "int4_wo", "int8"];

    /// <summary>The format of a name, or null.</summary>
    public static WeightFormat? Find(string name) => name switch
    {
        "bf16" or "bfloat16" or "float16" => WeightFormat.Bf16,
        "fp8" => WeightFormat.Fp8,
        "fp8_block" => WeightFormat.Fp8Block,
        "nvfp4" => WeightFormat.Nvfp4,
        "mxfp4" or "w4a16_mxfp4" or "w4a8_mxfp4_mxfp8" => WeightFormat.Mxfp4,
        "int4" or "int4_wo" => WeightFormat.Int4(128),
        "int8" => WeightFormat.Int8,
        _ => null,
    };

    /// <summary>The model with these formats for everything that quantisation may touch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dense">Format of projections, dense and shared networks; null leaves them as they are.</param>
    /// <param name="experts">Format of routed experts; null leaves them as they are.</param>
    public static ModelShape WithFormats(this ModelShape model, WeightFormat? dense, WeightFormat? experts)
    {
        if (dense is null && experts is null)
        {
            return model;
        }

        WeightMatrix Of(WeightMatrix weight) =>
            !weight.MayBeQuantised || weight.Part is ModelPart.Embedding or ModelPart.Head ? weight
            : weight.Part == ModelPart.RoutedExperts ? weight with { Format = experts ?? weight.Format }
            : weight with { Format = dense ?? weight.Format };
        ModelLayer Layer(ModelLayer layer) => layer with { Weights = [.. layer.Weights.Select(Of)] };
        var hasExperts = model.Layers.Any(l => l.Ffn.Experts > 0);
        return model with
        {
            Layers = [.. model.Layers.Select(Layer)],
            MtpLayers = [.. model.MtpLayers.Select(Layer)],
            Outside = [.. model.Outside.Select(Of)],
            Quantisation = (hasExperts, dense, experts) switch
            {
                (false, { } d, _) => d.Name,
                (true, { } d, { } e) when d.Name != e.Name => $"{d.Name}, experts {e.Name}",
                (true, _, { } e) => e.Name,
                (true, { } d, null) => d.Name,
                _ => model.Quantisation,
            },
        };
    }
}
