namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Attention of decoding requests over compressed vectors that serve all heads (MLA and its kin).</summary>
internal sealed record LatentGeneration(LatentGenerationFit Fit, SystemFigures System, double Peak, double Heads, double KeyDim, double SumDim, double KvBytes) : IDecodeAttention
{
    /// <inheritdoc />
    public double Us(double requests, double context, double queries)
    {
        var bytes = (context * KeyDim * KvBytes) + (2 * requests * queries * Heads * (KeyDim + SumDim));
        var memory = bytes / (System.Bandwidth * Fit.EffM);
        var compute = 2 * Heads * queries * context * (KeyDim + SumDim) / (Peak * Fit.EffC);
        var half = Math.Sqrt(memory * Fit.HalfMb * 1e6 / System.Bandwidth);
        var time = Smooth.Max(memory, compute, half, 0, Fit.Q) + Fit.T0Us;
        return Math.Max(time, BoundUs(requests, context, queries));
    }

    /// <inheritdoc />
    public double BoundUs(double requests, double context, double queries) => context * KeyDim * KvBytes / System.Bandwidth;
}
