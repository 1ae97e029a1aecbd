namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Softmax attention of decoding requests, heads of one rank.</summary>
internal sealed record GenerationAttention(GenerationFit Fit, SystemFigures System, double Heads, double KvHeads, double Dim, double KvBytes) : IDecodeAttention
{
    /// <inheritdoc />
    public double Us(double requests, double context, double queries)
    {
        var seen = context + (Fit.LengthPad * requests);
        var bytes = (KvHeads * seen * Dim * 2 * KvBytes) + (4 * requests * queries * Heads * Dim);
        var memory = bytes / (System.Bandwidth * Fit.EffM * (KvBytes < 2 ? Fit.Fp8Factor : 1));
        var compute = 4 * KvHeads * Math.Max(Heads / KvHeads * queries, 16) * Dim * seen / (System.Bf16 * Fit.EffC);
        var waves = requests * KvHeads / System.Sms * Fit.UsPerWave;
        var half = Math.Sqrt(memory * Fit.HalfMb * 1e6 / System.Bandwidth);
        var time = Smooth.Max(memory, compute, waves, half, Fit.Q) + Fit.T0Us;
        return Math.Max(time, BoundUs(requests, context, queries));
    }

    /// <inheritdoc />
    public double BoundUs(double requests, double context, double queries) => KvHeads * context * Dim * 2 * KvBytes / System.Bandwidth;
}
