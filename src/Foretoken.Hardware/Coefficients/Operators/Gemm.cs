using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>A dense matrix product with fixed weights.</summary>
/// <param name="Fit">Coefficients.</param>
/// <param name="System">Peaks.</param>
/// <param name="Peak">Operations/us of the format.</param>
/// <param name="WeightBytes">Bytes of a weight, scales included.</param>
/// <param name="N">Outputs on this rank.</param>
/// <param name="K">Inputs on this rank.</param>
internal sealed record Gemm(GemmFit Fit, SystemFigures System, double Peak, double WeightBytes, double N, double K) : IProduct
{
    /// <summary>What the fit's tables measured in front of the product and another kernel does here, us; left out of the fit.</summary>
    public double HiddenUs { get; init; }

    /// <inheritdoc />
    public double Us(double m)
    {
        var waves = Math.Ceiling(m / 128) * Math.Ceiling(N / 128) / System.Sms;
        var loss = waves > 1 ? DeterministicMath.Pow(Math.Ceiling(waves) / waves, Fit.WaveExp) : DeterministicMath.Pow(waves, -Fit.UnderExp);
        var compute = 2 * (m + Fit.MHalf) * (N + Fit.NHalf) * (K + Fit.KHalf) / (Peak * Fit.EffC) * loss;
        var bytes = (WeightBytes * N * K) + (2 * m * (K + N));
        var memory = bytes / (System.Bandwidth * Fit.EffM);
        var time = Smooth.Max(compute, memory, Fit.Q) + (Fit.QuantBytes * m * K / System.Bandwidth) + Fit.T0Us;
        return Math.Max(time, BoundUs(m));
    }

    /// <inheritdoc />
    public double BoundUs(double m) => Math.Max(2 * m * N * K / Peak, ((WeightBytes * N * K) + (2 * m * (K + N))) / System.Bandwidth);
}
