using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Softmax attention of prompt chunks, heads of one rank.</summary>
internal sealed record ContextAttention(ContextFit Fit, SystemFigures System, double Peak, double Heads, double KvHeads, double Dim, double KvBytes, double AttentionWindow) : IPromptAttention
{
    private readonly SmoothTable _smooth = new(Fit.Q);
    private readonly TokenTable _narrow = new(tokens => Narrow(tokens * Heads / 128 / System.Sms, Fit.UnderExp));

    /// <summary>Window for <see cref="ContextWork.Of"/>: kernels work on whole tiles, which the fit's pad stands for.</summary>
    public double Window => AttentionWindow > 0 ? AttentionWindow + Fit.WindowPad : 0;

    /// <inheritdoc />
    public double Us(in ContextWork work)
    {
        var (compute, memory) = Limits(work, Narrow(work.Tokens * Heads / 128 / System.Sms, Fit.UnderExp));
        return AboveBound(Smooth.Max(compute, memory, Fit.Q) + Fit.T0Us, work);
    }

    /// <inheritdoc />
    public double QuickUs(in ContextWork work)
    {
        var tokens = (int)work.Tokens;
        var (compute, memory) = Limits(work, tokens == work.Tokens ? _narrow[tokens] : Narrow(work.Tokens * Heads / 128 / System.Sms, Fit.UnderExp));
        return AboveBound(_smooth.Max(compute, memory) + Fit.T0Us, work);
    }

    // Fewer tiles than multiprocessors leave some of those idle.
    private static double Narrow(double tiles, double exponent) => tiles < 1 ? DeterministicMath.Pow(tiles, -exponent) : 1;

    private (double Compute, double Memory) Limits(in ContextWork work, double underfilled)
    {
        var narrow = Dim <= 64 ? Fit.NarrowHead : 1;
        var compute = 4 * Heads * Dim * (work.Area + (Fit.LengthPad * work.Tokens)) / (Peak * Fit.EffC * narrow) * underfilled;
        var bytes = Dim * ((4 * Heads * work.Tokens) + (2 * KvHeads * KvBytes * work.Read));
        return (compute, bytes / (System.Bandwidth * Fit.EffM));
    }

    // Work under a window is counted with its pad, which physics does not ask for.
    private double AboveBound(double time, in ContextWork work) => AttentionWindow > 0 ? time : Math.Max(time, BoundUs(work));

    /// <inheritdoc />
    public double BoundUs(in ContextWork work) =>
        Math.Max(4 * Heads * Dim * work.Area / Peak, 2 * KvHeads * KvBytes * Dim * work.Read / System.Bandwidth);
}
