namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Attention of decoding requests over compressed vectors that serve all heads (MLA and its kin).</summary>
internal sealed record LatentGeneration(LatentGenerationFit Fit, SystemFigures System, double Peak, double Heads, double KeyDim, double SumDim, double KvBytes)
{
    /// <summary>Microseconds for requests that see <paramref name="entries"/> vectors together and compute <paramref name="queries"/> tokens each.</summary>
    public double Us(double requests, double entries, double queries)
    {
        var bytes = (entries * KeyDim * KvBytes) + (2 * requests * queries * Heads * (KeyDim + SumDim));
        var memory = bytes / (System.Bandwidth * Fit.EffM);
        var compute = 2 * Heads * queries * entries * (KeyDim + SumDim) / (Peak * Fit.EffC);
        var half = Math.Sqrt(memory * Fit.HalfMb * 1e6 / System.Bandwidth);
        var time = Smooth.Max(memory, compute, half, 0, Fit.Q) + Fit.T0Us;
        return Math.Max(time, entries * KeyDim * KvBytes / System.Bandwidth);
    }
}
