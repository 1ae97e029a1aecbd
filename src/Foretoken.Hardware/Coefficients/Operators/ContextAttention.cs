using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Softmax attention of prompt chunks, heads of one rank.</summary>
internal sealed record ContextAttention(ContextFit Fit, SystemFigures System, double Peak, double Heads, double KvHeads, double Dim, double KvBytes, double AttentionWindow) : IPromptAttention
{
    /// <summary>Window for <see cref="ContextWork.Of"/>: kernels work on whole tiles, which the fit's pad stands for.</summary>
    public double Window => AttentionWindow > 0 ? AttentionWindow + Fit.WindowPad : 0;

    /// <inheritdoc />
    public double Us(in ContextWork work)
    {
        var tiles = work.Tokens * Heads / 128 / System.Sms;
        var narrow = Dim <= 64 ? Fit.NarrowHead : 1;
        var compute = 4 * Heads * Dim * (work.Area + (Fit.LengthPad * work.Tokens)) / (Peak * Fit.EffC * narrow)
            * (tiles < 1 ? DeterministicMath.Pow(tiles, -Fit.UnderExp) : 1);
        var bytes = Dim * ((4 * Heads * work.Tokens) + (2 * KvHeads * KvBytes * work.Read));
        var time = Smooth.Max(compute, bytes / (System.Bandwidth * Fit.EffM), Fit.Q) + Fit.T0Us;

        // Work under a window is counted with its pad, which physics does not ask for.
        return AttentionWindow > 0 ? time : Math.Max(time, BoundUs(work));
    }

    /// <inheritdoc />
    public double BoundUs(in ContextWork work) =>
        Math.Max(4 * Heads * Dim * work.Area / Peak, 2 * KvHeads * KvBytes * Dim * work.Read / System.Bandwidth);
}
