namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>
/// As it was a season ago, plus a quantile of how far that was off over the last season (none by default). Before a season
/// has passed: as it was last.
/// </summary>
/// <param name="season">Values of a season.</param>
/// <param name="quantile">Quantile of the errors that is added, 0 to 1; null: nothing is added.</param>
public sealed class SeasonalNaiveForecast(int season, double? quantile = null) : IForecaster
{
    private readonly List<double> _values = [];
    private readonly List<double> _errors = [];

    /// <inheritdoc />
    public string Name => "seasonal_naive";

    /// <inheritdoc />
    public void Observe(double value)
    {
        if (_values.Count >= season)
        {
            _errors.Add(value - _values[^season]);
            if (_errors.Count > season)
            {
                _errors.RemoveAt(0);
            }
        }

        _values.Add(value);
        if (_values.Count > 2 * season)
        {
            _values.RemoveAt(0);
        }
    }

    /// <inheritdoc />
    public double Forecast(int steps)
    {
        if (_values.Count < season)
        {
            return _values.Count == 0 ? 0 : _values[^1];
        }

        var value = _values[_values.Count - season + ((steps - 1) % season)];
        if (quantile is { } q && _errors.Count > 0)
        {
            var sorted = _errors.Order().ToList();
            value += sorted[(int)Math.Min(sorted.Count - 1, Math.Floor(q * sorted.Count))];
        }

        return Math.Max(0, value);
    }

    /// <inheritdoc />
    public IForecaster Copy()
    {
        var copy = new SeasonalNaiveForecast(season, quantile);
        copy._values.AddRange(_values);
        copy._errors.AddRange(_errors);
        return copy;
    }
}
