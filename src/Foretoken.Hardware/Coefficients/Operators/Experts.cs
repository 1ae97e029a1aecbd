using Foretoken.Quantities;

namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>The routed experts of a layer on the most loaded rank.</summary>
internal sealed record Experts(ExpertFit Fit, SystemFigures System, double Peak, double WeightBytes) : IRoutedExperts
{
    /// <summary>Experts of the layer.</summary>
    public required double Count { get; init; }

    /// <summary>Experts per token.</summary>
    public required double PerToken { get; init; }

    /// <summary>Inputs of an expert.</summary>
    public required double Hidden { get; init; }

    /// <summary>Width of an expert on this rank.</summary>
    public required double Width { get; init; }

    /// <summary>Groups that the experts are dealt out to.</summary>
    public required double Groups { get; init; }

    /// <summary>Matrices per expert: 3 with a gate.</summary>
    public required double Matrices { get; init; }

    /// <summary>Power-law exponent of the experts' popularity; 0 for balanced.</summary>
    public required double Skew { get; init; }

    /// <summary>Factor on the exponent of the imbalance over groups; 1 as in the tables.</summary>
    public double ImbalanceFactor { get; init; } = 1;

    /// <summary>Share of all ranks' tokens that the rank holds: all after an all-gather.</summary>
    public double Received { get; init; } = 1;

    /// <inheritdoc />
    public double Us(double tokens)
    {
        var rows = tokens * PerToken;
        var here = Count / Groups;
        var (imbalance, active) = Load(rows);

        var local = Math.Min(rows, rows / Groups * imbalance);
        var compute = 2 * Matrices * (local + (Fit.PadTokens * active)) * Hidden * (Width + Fit.IHalf) / (Peak * Fit.EffC);
        var memory = active * Matrices * Hidden * (Width + Fit.IHalf) * WeightBytes / (System.Bandwidth * Fit.EffM);
        var moved = Fit.ActivationBytes * ((2 * tokens * Received * Hidden) + (local * ((4 * Hidden) + (4 * Width)))) / System.Bandwidth;
        var time = Smooth.Max(compute, memory, Fit.Q) + moved + Fit.T0Us + (Fit.UsPerExpert * here) + (Fit.UsPerLog2Tokens * DeterministicMath.Log(1 + tokens) * Log2E);
        return Math.Max(time, Bound(rows, active));
    }

    /// <inheritdoc />
    public double BoundUs(double tokens) => Bound(tokens * PerToken, Load(tokens * PerToken).Active);

    private const double Log2E = 1.4426950408889634;

    private double Bound(double rows, double active) => Math.Max(
        2 * Matrices * (rows / Groups) * Hidden * Width / Peak,
        Math.Min(active, Math.Min(Count / Groups, rows / Groups)) * Matrices * Hidden * Width * WeightBytes / System.Bandwidth);

    // How much more the most loaded group has than the mean, and how many of its experts are asked.
    private (double Imbalance, double Active) Load(double rows)
    {
        var here = Count / Groups;
        if (Skew <= 0)
        {
            return (1, Math.Min(here, rows / Groups));
        }

        var imbalance = DeterministicMath.Pow(Groups, ImbalanceFactor * AtSkew(0, Fit.Imbalance101, Fit.Imbalance12));
        return (imbalance, here * (1 - DeterministicMath.Exp(-AtSkew(1, Fit.Active101, Fit.Active12) * rows * imbalance / Count)));
    }

    // Linear between the skews that were measured: 0 (balanced), 1.01 and 1.2; beyond, the last one's.
    private double AtSkew(double none, double at101, double at12) =>
        Skew >= 1.2 ? at12 : Skew >= 1.01 ? at101 + ((at12 - at101) * (Skew - 1.01) / 0.19) : none + ((at101 - none) * Skew / 1.01);
}
