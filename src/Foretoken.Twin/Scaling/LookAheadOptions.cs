using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <summary>How a scaler looks ahead by playing copies of the run.</summary>
public sealed record LookAheadOptions
{
    /// <summary>Time between two decisions.</summary>
    public SimDuration Interval { get; init; } = SimDuration.FromSeconds(30);

    /// <summary>How far each future is played beyond the start of a new replica.</summary>
    public SimDuration Horizon { get; init; } = SimDuration.FromSeconds(120);

    /// <summary>Futures for each action: all actions meet the same ones.</summary>
    public int Futures { get; init; } = 4;

    /// <summary>Most replicas that one decision adds.</summary>
    public int MaxStep { get; init; } = 4;

    /// <summary>A request whose first token takes longer counts as missed.</summary>
    public SimDuration Ttft { get; init; } = SimDuration.FromSeconds(1.5);

    /// <summary>A request whose tokens are further apart on average counts as missed.</summary>
    public SimDuration Itl { get; init; } = SimDuration.FromMilliseconds(50);

    /// <summary>What a missed request costs, in GPU seconds.</summary>
    public double GpuSecondsPerMiss { get; init; } = 30;

    /// <summary>Whether futures are played to their end that cannot change the decision any more. For tests: it costs time and changes nothing.</summary>
    public bool PlaysAll { get; init; }

    /// <summary>Makes the forecaster of arrivals per interval.</summary>
    public Func<IForecaster> Forecaster { get; init; } = () => new KalmanTrendForecast();
}
