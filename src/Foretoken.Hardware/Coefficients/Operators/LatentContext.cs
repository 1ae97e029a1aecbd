using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>Attention of prompt chunks with latent vectors unrolled to keys and values of all heads.</summary>
/// <param name="Fit">Coefficients.</param>
/// <param name="System">Peaks.</param>
/// <param name="Peak">Operations/us.</param>
/// <param name="Heads">Heads of this rank.</param>
/// <param name="PairDim">Numbers per head that a pair of tokens multiplies: key and value widths together.</param>
internal sealed record LatentContext(LatentContextFit Fit, SystemFigures System, double Peak, double Heads, double PairDim) : IPromptAttention
{
    /// <summary>Whoever counts the work knows the bound; latent kernels have no windows of their own.</summary>
    public double Window => 0;

    /// <inheritdoc />
    public double Us(in ContextWork work)
    {
        var tiles = work.Tokens * Heads / 128 / System.Sms;
        var compute = 2 * Heads * PairDim * (work.Area + (Fit.LengthPad * work.Tokens)) / (Peak * Fit.EffC)
            * (tiles < 1 ? DeterministicMath.Pow(tiles, -Fit.UnderExp) : 1);
        return Math.Max(compute + (work.Read * Heads * PairDim * 4 / (System.Bandwidth * Fit.EffM)) + Fit.T0Us, BoundUs(work));
    }

    /// <inheritdoc />
    public double BoundUs(in ContextWork work) => 2 * Heads * PairDim * work.Area / Peak;
}
