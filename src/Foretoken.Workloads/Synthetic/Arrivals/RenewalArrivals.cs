using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>Exponential gaps.</summary>
internal sealed class PoissonArrivals(double rate, RandomStream random) : ArrivalGenerator
{
    private readonly double _meanGap = 1e9 / rate;
    private RandomStream _random = random;
    private long _now;

    /// <inheritdoc />
    public override long Next() => _now += (long)Math.Round(_random.NextExponential() * _meanGap);
}

/// <summary>Gamma gaps.</summary>
internal sealed class GammaArrivals(double rate, GammaDistribution gap, RandomStream random) : ArrivalGenerator
{
    private readonly double _meanGap = 1e9 / rate;
    private RandomStream _random = random;
    private long _now;

    /// <inheritdoc />
    public override long Next() => _now += (long)Math.Round(gap.Next(ref _random) * _meanGap);
}

/// <summary>Equal gaps; every time is computed from the start, so that rounding does not add up.</summary>
internal sealed class ConstantArrivals(double rate) : ArrivalGenerator
{
    private readonly double _gap = 1e9 / rate;
    private long _count;

    /// <inheritdoc />
    public override long Next() => (long)Math.Round(_count++ * _gap);
}

/// <summary>Everything at the start.</summary>
internal sealed class ArrivalsAtOnce : ArrivalGenerator
{
    /// <inheritdoc />
    public override long Next() => 0;
}
