using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>Names of the coefficient tables for the formats of checkpoints.</summary>
internal static class WeightDtypes
{
    /// <summary>Of a dense product.</summary>
    public static string Dense(WeightFormat format) => format.Name switch
    {
        "bf16" or "fp32" => "bfloat16",
        "int4" or "mxfp4" => "int4_wo", // Dense products in these formats unpack to 16 bits.
        var name => name,
    };

    /// <summary>Of experts: GPUs with 4-bit units run mxfp4 with 8-bit activations.</summary>
    public static string Experts(WeightFormat format, SystemFigures figures) => format.Name switch
    {
        "mxfp4" => figures.Fp4 > 0 ? "w4a8_mxfp4_mxfp8" : "w4a16_mxfp4",
        _ => Dense(format),
    };

    /// <summary>Bytes of a weight, scales included.</summary>
    public static double Bytes(WeightFormat format) => format.Bytes(4096, 4096) / (4096.0 * 4096.0);
}
