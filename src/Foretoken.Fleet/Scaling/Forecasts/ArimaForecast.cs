namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>
/// ARIMA(p, d, q) with a constant, p at most 2, d and q at most 1. For each order the coefficients are found by least squares
/// (Hannan and Rissanen 1982: a long autoregression gives the innovations, then values and lagged innovations are regressed);
/// the order with the smallest corrected Akaike criterion wins, of equal ones the simplest. Fitted anew to the last
/// <paramref name="memory"/> values at every forecast after a new one. With fewer than 5 values: as it was last.
/// </summary>
/// <param name="memory">Values that are looked at.</param>
public sealed class ArimaForecast(int memory = 200) : IForecaster
{
    private const int LeastPoints = 5;

    private readonly List<double> _values = [];
    private ArimaFit? _fit;

    /// <inheritdoc />
    public string Name => "arima";

    /// <summary>The order that was chosen last; null before a fit.</summary>
    public (int P, int D, int Q)? Order => _fit?.Order;

    /// <inheritdoc />
    public void Observe(double value)
    {
        // The idle time before the first traffic tells nothing.
        if (value == 0 && _values.Count == 0)
        {
            return;
        }

        _values.Add(value);
        if (_values.Count > memory)
        {
            _values.RemoveAt(0);
        }

        _fit = null;
    }

    /// <inheritdoc />
    public double Forecast(int steps)
    {
        if (_values.Count == 0)
        {
            return 0;
        }

        if (_values.Count < LeastPoints || _values.TrueForAll(v => v == _values[0]))
        {
            return _values[^1];
        }

        _fit ??= ArimaFit.Best(_values);
        return Math.Max(0, _fit.Forecast(steps));
    }

    /// <inheritdoc />
    public IForecaster Copy()
    {
        var copy = new ArimaForecast(memory) { _fit = _fit };
        copy._values.AddRange(_values);
        return copy;
    }
}
