namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>As it was last.</summary>
public sealed class ConstantForecast : IForecaster
{
    private double _last;

    /// <inheritdoc />
    public string Name => "constant";

    /// <inheritdoc />
    public void Observe(double value) => _last = value;

    /// <inheritdoc />
    public double Forecast(int steps) => _last;

    /// <inheritdoc />
    public IForecaster Copy() => new ConstantForecast { _last = _last };
}
