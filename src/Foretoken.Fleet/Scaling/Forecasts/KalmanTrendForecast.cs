namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>
/// A Kalman filter over level and trend (local linear trend): level(t) = level(t-1) + trend(t-1) + w, trend(t) = trend(t-1) +
/// u, value = level + v. The defaults are those of Dynamo's planner; the first value is the level, the covariance begins at
/// 1000.
/// </summary>
/// <param name="levelNoise">Variance of w.</param>
/// <param name="trendNoise">Variance of u.</param>
/// <param name="valueNoise">Variance of v.</param>
/// <param name="leastPoints">With fewer values: as it was last.</param>
public sealed class KalmanTrendForecast(double levelNoise = 1, double trendNoise = 0.1, double valueNoise = 10, int leastPoints = 5) : IForecaster
{
    private double _level;
    private double _trend;
    private double _p00 = 1000;
    private double _p01;
    private double _p11 = 1000;
    private double _last;
    private int _seen;

    /// <inheritdoc />
    public string Name => "kalman";

    /// <inheritdoc />
    public void Observe(double value)
    {
        _last = value;
        if (_seen++ == 0)
        {
            _level = value;
            return;
        }

        // Predict: x = F x, P = F P F' + Q with F = [1 1; 0 1].
        _level += _trend;
        _p00 += 2 * _p01 + _p11 + levelNoise;
        _p01 += _p11;
        _p11 += trendNoise;

        // Update with the gain P H' / (H P H' + R), H = [1 0].
        var gain0 = _p00 / (_p00 + valueNoise);
        var gain1 = _p01 / (_p00 + valueNoise);
        var residual = value - _level;
        _level += gain0 * residual;
        _trend += gain1 * residual;
        _p11 -= gain1 * _p01;
        _p01 -= gain0 * _p01;
        _p00 -= gain0 * _p00;
    }

    /// <inheritdoc />
    public double Forecast(int steps) => _seen == 0 ? 0 : _seen < leastPoints ? _last : Math.Max(0, _level + steps * _trend);

    /// <inheritdoc />
    public IForecaster Copy() => (KalmanTrendForecast)MemberwiseClone();
}
