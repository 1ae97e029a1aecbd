namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>
/// Additive Holt-Winters smoothing of level, trend and season. The first season gives the seasonal parts (value minus the
/// season's mean) and the level; the trend begins at zero. Before a season has passed: as it was last.
/// </summary>
/// <param name="season">Values of a season; 1 for none (Holt's linear method).</param>
/// <param name="alpha">Weight of a new value in the level.</param>
/// <param name="beta">Weight of a new slope in the trend.</param>
/// <param name="gamma">Weight of a new deviation in the season.</param>
public sealed class HoltWintersForecast(int season, double alpha = 0.3, double beta = 0.05, double gamma = 0.3) : IForecaster
{
    private readonly double[] _season = new double[season];
    private readonly List<double> _first = [];
    private double _level;
    private double _trend;
    private int _at;

    /// <inheritdoc />
    public string Name => "holt_winters";

    /// <inheritdoc />
    public void Observe(double value)
    {
        if (_first.Count < season)
        {
            _first.Add(value);
            if (_first.Count == season)
            {
                _level = _first.Average();
                for (var i = 0; i < season; i++)
                {
                    _season[i] = _first[i] - _level;
                }
            }

            return;
        }

        var before = _level;
        _level = alpha * (value - _season[_at]) + (1 - alpha) * (_level + _trend);
        _trend = beta * (_level - before) + (1 - beta) * _trend;
        if (season > 1)
        {
            _season[_at] = gamma * (value - _level) + (1 - gamma) * _season[_at];
        }

        _at = (_at + 1) % season;
    }

    /// <inheritdoc />
    public double Forecast(int steps) =>
        _first.Count < season ? _first.Count == 0 ? 0 : _first[^1]
            : Math.Max(0, _level + steps * _trend + _season[(_at + steps - 1) % season]);

    /// <inheritdoc />
    public IForecaster Copy()
    {
        var copy = new HoltWintersForecast(season, alpha, beta, gamma) { _level = _level, _trend = _trend, _at = _at };
        copy._first.AddRange(_first);
        _season.CopyTo(copy._season, 0);
        return copy;
    }
}
