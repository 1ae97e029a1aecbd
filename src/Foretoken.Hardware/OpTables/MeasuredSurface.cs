namespace Foretoken.Hardware.OpTables;

/// <summary>
/// A grid over a batch and a length as a function: each row by <see cref="MeasuredCurve"/>, straight lines between rows. Large
/// batches are measured at short lengths only; there each row goes on for itself. Beyond the last row its distance from the
/// physical bound holds, before the first its time.
/// </summary>
internal sealed class MeasuredSurface
{
    private readonly double[] _rows;
    private readonly MeasuredCurve[] _curves;
    private readonly Func<double, double, double> _bound;

    /// <param name="grid">What was measured.</param>
    /// <param name="bound">What cannot be beaten at a batch and a length, us.</param>
    /// <param name="squared">Whether time grows with the square of the length.</param>
    public MeasuredSurface(OperatorGrid grid, Func<double, double, double> bound, bool squared)
    {
        _rows = [.. grid.Rows.Select(r => (double)r.Row)];
        _curves = [.. grid.Rows.Select(r => new MeasuredCurve(r, x => bound(r.Row, x), squared, tail: 1))];
        _bound = bound;
    }

    /// <summary>Microseconds.</summary>
    public double Us(double row, double x)
    {
        if (row > _rows[^1])
        {
            return _curves[^1].Us(x) * (_bound(row, x) / _bound(_rows[^1], x));
        }

        var i = Array.BinarySearch(_rows, row);
        if (i >= 0)
        {
            return _curves[i].Us(x);
        }

        i = ~i;
        if (i == 0)
        {
            return _curves[0].Us(x);
        }

        var low = _curves[i - 1].Us(x);
        return low + ((_curves[i].Us(x) - low) * ((row - _rows[i - 1]) / (_rows[i] - _rows[i - 1])));
    }
}
