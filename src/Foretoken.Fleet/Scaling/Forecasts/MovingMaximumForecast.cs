namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>The largest of the last values.</summary>
/// <param name="window">How many values count.</param>
public sealed class MovingMaximumForecast(int window = 10) : IForecaster
{
    private readonly Queue<double> _values = new();

    /// <inheritdoc />
    public string Name => "moving_maximum";

    /// <inheritdoc />
    public void Observe(double value)
    {
        _values.Enqueue(value);
        if (_values.Count > window)
        {
            _values.Dequeue();
        }
    }

    /// <inheritdoc />
    public double Forecast(int steps) => _values.Count == 0 ? 0 : _values.Max();

    /// <inheritdoc />
    public IForecaster Copy()
    {
        var copy = new MovingMaximumForecast(window);
        foreach (var value in _values)
        {
            copy._values.Enqueue(value);
        }

        return copy;
    }
}
