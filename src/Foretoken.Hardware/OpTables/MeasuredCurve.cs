namespace Foretoken.Hardware.OpTables;

/// <summary>
/// One row of a grid as a function. Between points a straight line in time (or in its square root, for work that grows with
/// the square). Before the first point its time holds: a kernel's start does not shrink. Behind the last the share of the
/// physical bound that was reached there holds, as the median of the last points.
/// </summary>
internal sealed class MeasuredCurve
{
    private readonly double[] _at;
    private readonly double[] _values;
    private readonly Func<double, double> _bound;
    private readonly bool _squared;
    private readonly double _overBound;

    /// <param name="row">What was measured.</param>
    /// <param name="bound">What cannot be beaten at a place of the inner axis, us.</param>
    /// <param name="squared">Whether to interpolate square roots.</param>
    /// <param name="tail">Points at the end whose median tells how far from the bound time is beyond them.</param>
    public MeasuredCurve(GridRow row, Func<double, double> bound, bool squared, int tail)
    {
        _at = [.. row.At.Select(a => (double)a)];
        _values = [.. row.Us.Select(u => squared ? Math.Sqrt(u) : u)];
        _bound = bound;
        _squared = squared;
        var ratios = Enumerable.Range(Math.Max(0, _at.Length - tail), Math.Min(tail, _at.Length)).Select(i => row.Us[i] / bound(_at[i])).Order().ToArray();
        _overBound = ratios.Length % 2 == 1 ? ratios[ratios.Length / 2] : (ratios[(ratios.Length / 2) - 1] + ratios[ratios.Length / 2]) / 2;
    }

    /// <summary>Microseconds.</summary>
    public double Us(double x)
    {
        if (x > _at[^1])
        {
            return _bound(x) * _overBound;
        }

        var i = Array.BinarySearch(_at, x);
        if (i < 0)
        {
            i = ~i;
            if (i > 0)
            {
                var value = _values[i - 1] + ((_values[i] - _values[i - 1]) * ((x - _at[i - 1]) / (_at[i] - _at[i - 1])));
                return _squared ? value * value : value;
            }
        }

        return _squared ? _values[i] * _values[i] : _values[i];
    }
}
