using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>Independent gaps at a constant rate.</summary>
internal sealed class RenewalArrivals(double rate, UnitGap gap, RandomStream random) : ArrivalGenerator
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

/// <summary>Another sequence as a coarse clock tells it.</summary>
internal sealed class TickingArrivals(ArrivalGenerator exact, long tick) : ArrivalGenerator
{
    /// <inheritdoc />
    public override long Next()
    {
        var at = exact.Next();
        return at - at % tick;
    }
}
