using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>
/// Arrivals along a rate profile: gaps of mean 1 are drawn on the scale of expected arrivals (exponential gaps give the
/// inhomogeneous Poisson process exactly, others a burstier or smoother one) and mapped to time through the profile.
/// </summary>
internal sealed class ProfileArrivals(RateProfile profile, double factor, UnitGap gap, RandomStream random) : ArrivalGenerator
{
    private readonly double _periodNanoseconds = profile.Period * 1e9;
    private RandomStream _random = random;
    private long _cycle;
    private int _piece;
    private double _at;

    /// <inheritdoc />
    public override long Next()
    {
        var expected = gap.Next(ref _random);
        while (true)
        {
            var start = profile.Starts[_piece];
            var end = profile.EndOf(_piece);
            var slope = (profile.ToRates[_piece] - profile.FromRates[_piece]) / (end - start) * factor;
            var rate = profile.FromRates[_piece] * factor + slope * (_at - start);
            var left = Math.Max(0, end - _at);
            var inPiece = (rate + slope * left / 2) * left;
            if (expected < inPiece)
            {
                // rate·x + slope·x²/2 = expected, in the form that does not cancel for small slopes.
                _at = Math.Min(end, _at + 2 * expected / (rate + Math.Sqrt(Math.Max(0, rate * rate + 2 * slope * expected))));
                return (long)Math.Round(_cycle * _periodNanoseconds + _at * 1e9);
            }

            expected -= Math.Max(0, inPiece);
            _at = end;
            if (++_piece == profile.Starts.Length)
            {
                _piece = 0;
                _at = 0;
                _cycle++;
            }
        }
    }
}
