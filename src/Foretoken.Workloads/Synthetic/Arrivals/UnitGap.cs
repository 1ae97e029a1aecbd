using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>Independent gaps of mean 1.</summary>
internal abstract class UnitGap
{
    /// <summary>The next gap.</summary>
    public abstract double Next(ref RandomStream random);

    /// <summary>The gaps of a validated spec: of its table, gamma, else exponential.</summary>
    public static UnitGap Of(ArrivalSpec spec)
    {
        if (spec.Gaps is { } gaps)
        {
            return new TableGap(new Sampler(gaps.InSeconds(), ValueRange.Seconds));
        }

        var shape = spec.Shape ?? (spec.Cv is { } cv ? 1 / (cv * cv) : 1);
        return shape == 1 ? new ExponentialGap() : new GammaGap(new GammaDistribution(shape));
    }

    private sealed class ExponentialGap : UnitGap
    {
        public override double Next(ref RandomStream random) => random.NextExponential();
    }

    private sealed class GammaGap(GammaDistribution gamma) : UnitGap
    {
        public override double Next(ref RandomStream random) => gamma.Next(ref random);
    }

    private sealed class TableGap(Sampler table) : UnitGap
    {
        private readonly double _scale = 1 / table.Mean();

        public override double Next(ref RandomStream random) => table.Next(ref random) * _scale;
    }
}
