using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.OpTables;

/// <summary>A dense product from measured shapes: its own, or the nearest ones, whose share of the bound is taken over.</summary>
/// <param name="fit">The product itself, for the bound.</param>
/// <param name="sites">Weight, shape and curve of each; a single one is the shape itself.</param>
internal sealed class TabledProduct(Gemm fit, IReadOnlyList<(double Weight, Gemm Shape, MeasuredCurve Curve)> sites) : IProduct
{
    public double N => fit.N;

    public double K => fit.K;

    public double Us(double m)
    {
        var bound = fit.BoundUs(m);
        var time = sites.Count == 1 ? sites[0].Curve.Us(m) * (bound / sites[0].Shape.BoundUs(m)) : Near(m, bound);
        return Math.Max(time - fit.HiddenUs, bound);
    }

    public double BoundUs(double m) => fit.BoundUs(m);

    private double Near(double m, double bound)
    {
        var (share, weights) = (0.0, 0.0);
        foreach (var (weight, shape, curve) in sites)
        {
            share += weight * (shape.BoundUs(m) / curve.Us(m));
            weights += weight;
        }

        return bound / (share / weights);
    }
}
