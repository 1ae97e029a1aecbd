using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>
/// Markov-modulated Poisson arrivals. Starts in the stationary distribution (a state in proportion to its dwell), so that the
/// mean rate holds from the first second.
/// </summary>
internal sealed class ModulatedArrivals : ArrivalGenerator
{
    private readonly double[] _rates;
    private readonly double[] _dwells;
    private RandomStream _gaps;
    private RandomStream _modulation;
    private long _now;
    private int _state;
    private double _left;

    public ModulatedArrivals(IReadOnlyList<BurstState> states, double factor, RandomStream gaps, RandomStream modulation)
    {
        _rates = [.. states.Select(state => state.Rate * factor * 1e-9)];
        _dwells = [.. states.Select(state => (double)state.Dwell.Nanoseconds)];
        _gaps = gaps;
        _modulation = modulation;
        _state = new CumulativeTable(_dwells).Find(_modulation.NextOpenDouble());
        _left = Dwell();
    }

    /// <summary>Mean rate over time, arrivals per second.</summary>
    public static double MeanRate(IReadOnlyList<BurstState> states) =>
        states.Sum(state => state.Rate * state.Dwell.TotalSeconds) / states.Sum(state => state.Dwell.TotalSeconds);

    /// <inheritdoc />
    public override long Next()
    {
        // The expected number of arrivals until the next one is exponential, whatever the rate does meanwhile.
        var expected = _gaps.NextExponential();
        double gap = 0;
        while (expected >= _rates[_state] * _left)
        {
            expected -= _rates[_state] * _left;
            gap += _left;
            var other = _rates.Length == 2 ? 0 : _modulation.NextInt(_rates.Length - 1);
            _state = other < _state ? other : other + 1;
            _left = Dwell();
        }

        var rest = expected / _rates[_state];
        _left -= rest;
        return _now += (long)Math.Round(gap + rest);
    }

    private double Dwell() => _modulation.NextExponential() * _dwells[_state];
}
