namespace Foretoken.Fleet.Scaling.Forecasts;

/// <summary>Tells the next values of an evenly spaced series of figures that are never negative.</summary>
public interface IForecaster
{
    /// <summary>Name as in a scenario.</summary>
    string Name { get; }

    /// <summary>Takes in the next value.</summary>
    void Observe(double value);

    /// <summary>The value expected <paramref name="steps"/> values after the last one observed, at least 1. 0 before anything was observed.</summary>
    double Forecast(int steps);

    /// <summary>Another that knows as much and goes its own way from here.</summary>
    IForecaster Copy();
}
