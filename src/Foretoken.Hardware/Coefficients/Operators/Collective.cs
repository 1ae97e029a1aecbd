namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>A collective among the ranks of a layer.</summary>
/// <param name="Fit">Coefficients.</param>
/// <param name="Link">Bytes/us of the slowest link on the way.</param>
/// <param name="Share">Part of the message that each rank sends: 2(n-1)/n for an all-reduce, (n-1)/n otherwise.</param>
internal sealed record Collective(CollectiveFit Fit, double Link, double Share) : ICollective
{
    /// <inheritdoc />
    public double Us(double bytes) =>
        Fit.T0Us + Smooth.Max(bytes * Share / (Link * Fit.Eff), Fit.UsPerSqrtKb * Math.Sqrt(bytes * Share / 1024), Fit.Q);

    /// <inheritdoc />
    /// <remarks>Switches that reduce on the way halve what an all-reduce sends; the bound grants it to every GPU.</remarks>
    public double BoundUs(double bytes) => bytes * Math.Min(Share, 1) / Link * 0.5;
}
