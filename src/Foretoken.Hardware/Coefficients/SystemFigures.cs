using Foretoken.Hardware.Gpus;

namespace Foretoken.Hardware.Coefficients;

/// <summary>The peaks that the operators' efficiencies refer to, in operations and bytes per microsecond.</summary>
/// <param name="Bandwidth">Memory, bytes/us.</param>
/// <param name="Bf16">16-bit operations/us.</param>
/// <param name="Fp8">8-bit float operations/us; 0 where the GPU has none.</param>
/// <param name="Fp4">4-bit float operations/us; 0 where the GPU has none.</param>
/// <param name="Sms">Multiprocessors.</param>
/// <param name="Link">To the GPUs of the same domain, bytes/us one way.</param>
/// <param name="Nic">To other nodes, bytes/us.</param>
internal sealed record SystemFigures(double Bandwidth, double Bf16, double Fp8, double Fp4, double Sms, double Link, double Nic)
{
    /// <summary>Peak that a product in this format runs against. Formats that the GPU has no units for run in 16 bits.</summary>
    public double Peak(string dtype) => dtype switch
    {
        "fp8" or "fp8_block" or "w4a8_mxfp4_mxfp8" or "int8" => Fp8 > 0 ? Fp8 : Bf16,
        "nvfp4" => Fp4 > 0 ? Fp4 : Fp8 > 0 ? Fp8 : Bf16,
        _ => Bf16,
    };

    /// <summary>From the datasheet figures of a GPU that nothing was fitted on.</summary>
    public static SystemFigures Of(Gpu gpu) => new(
        gpu.BandwidthGbs.Value * 1e3,
        gpu.Bf16Tflops.Value * 1e6,
        (gpu.Fp8Tflops?.Value ?? 0) * 1e6,
        (gpu.Fp4Tflops?.Value ?? 0) * 1e6,
        gpu.Sms?.Value ?? DefaultSms,
        (gpu.ScaleUpGbs?.Value ?? gpu.PcieGbs?.Value ?? DefaultLink) * 1e3,
        (gpu.NicGbs?.Value ?? DefaultNic) * 1e3);

    // Only for entries of a user's that leave these out: a GPU of H100's width, behind PCIe 4 and 100 Gbit/s.
    private const double DefaultSms = 132;
    private const double DefaultLink = 32;
    private const double DefaultNic = 12.5;
}
