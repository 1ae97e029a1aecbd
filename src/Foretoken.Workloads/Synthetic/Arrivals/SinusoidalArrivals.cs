using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>Poisson arrivals at rate·(1 + amplitude·sin(2π(t/period + phase))), by thinning (Lewis and Shedler 1979).</summary>
internal sealed class SinusoidalArrivals : ArrivalGenerator
{
    private readonly double _meanGapAtPeak;
    private readonly double _amplitude;
    private readonly double _period;
    private readonly double _phase;
    private RandomStream _gaps;
    private RandomStream _thinning;
    private long _now;

    public SinusoidalArrivals(ArrivalSpec spec, RandomStream gaps, RandomStream thinning)
    {
        _amplitude = spec.Amplitude ?? 0.5;
        _period = (spec.Period ?? SpecRules.Day).Nanoseconds;
        _phase = spec.Phase ?? 0;
        _meanGapAtPeak = 1e9 / (spec.Rate!.Value * (1 + _amplitude));
        _gaps = gaps;
        _thinning = thinning;
    }

    /// <inheritdoc />
    public override long Next()
    {
        while (true)
        {
            _now += (long)Math.Round(_gaps.NextExponential() * _meanGapAtPeak);
            var relative = 1 + _amplitude * DeterministicMath.SinTurns(_now / _period + _phase);
            if (_thinning.NextDouble() * (1 + _amplitude) < relative)
            {
                return _now;
            }
        }
    }
}
