using Foretoken.Fleet.Scaling.Forecasts;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Fleet.Scaling;

public sealed class ForecasterTests
{
    public static TheoryData<string> All => ["constant", "moving_maximum", "seasonal_naive", "holt_winters", "kalman", "arima"];

    [Fact]
    public void Constant_IsTheLast() => Assert.Equal(7, After(new ConstantForecast(), 3, 9, 7).Forecast(5));

    [Fact]
    public void MovingMaximum_ForgetsBeyondItsWindow() => Assert.Equal(5, After(new MovingMaximumForecast(3), 9, 4, 5, 2).Forecast(1));

    [Fact]
    public void SeasonalNaive_IsTheSeasonBefore_WithAQuantileOfItsErrors()
    {
        var plain = After(new SeasonalNaiveForecast(3), 1, 5, 9, 2, 6, 10);
        Assert.Equal([2, 6, 10, 2], [plain.Forecast(1), plain.Forecast(2), plain.Forecast(3), plain.Forecast(4)]);

        // Errors of the last season: 1, 2, 4; their median is 2.
        var lifted = After(new SeasonalNaiveForecast(3, 0.5), 1, 5, 9, 2, 7, 13);
        Assert.Equal(4, lifted.Forecast(1));
    }

    [Fact]
    public void HoltWinters_FollowsTheRecursionsByHand()
    {
        // Season 2, first values 10, 20: level 15, seasons -5, +5. Value 12 with alpha 0.5, beta 0.5, gamma 0.5:
        // level = 0.5 x (12 + 5) + 0.5 x 15 = 16; trend = 0.5 x 1 = 0.5; season = 0.5 x (12 - 16) + 0.5 x -5 = -4.5.
        var forecast = After(new HoltWintersForecast(2, 0.5, 0.5, 0.5), 10, 20, 12);
        Assert.Equal(16 + 0.5 + 5, forecast.Forecast(1), 12);
        Assert.Equal(16 + 1 - 4.5, forecast.Forecast(2), 12);
    }

    [Fact]
    public void Kalman_FirstUpdate_IsTheGainByHand()
    {
        // P before: [1000 0; 0 1000]; predicted p00 = 2001, p01 = 1000. Gains 2001 / 2011 and 1000 / 2011 of the residual 4.
        var forecast = After(new KalmanTrendForecast(leastPoints: 1), 10, 14);
        Assert.Equal(10 + 4 * 2001 / 2011.0 + 4 * 1000 / 2011.0, forecast.Forecast(1), 9);
    }

    [Fact]
    public void Kalman_Line_IsContinued()
    {
        var forecast = new KalmanTrendForecast();
        for (var i = 0; i < 60; i++)
        {
            forecast.Observe(5 + 3 * i);
        }

        Assert.Equal(5 + 3 * 64, forecast.Forecast(5), 0.5);
    }

    [Fact]
    public void Arima_Line_IsContinuedByADifference()
    {
        var forecast = new ArimaForecast();
        for (var i = 0; i < 30; i++)
        {
            forecast.Observe(5 + 3 * i);
        }

        Assert.Equal(5 + 3 * 30, forecast.Forecast(1), 6);
        Assert.Equal(5 + 3 * 33, forecast.Forecast(4), 6);
        Assert.Equal(1, forecast.Order!.Value.D);
    }

    [Fact]
    public void Arima_Autoregression_FindsItsCoefficientAndReturnsToTheMean()
    {
        // y = 4 + 0.6 y(t-1) + noise: mean 10.
        var random = new RandomStream(5, StreamId.Test);
        var forecast = new ArimaForecast(1000);
        var y = 10.0;
        for (var i = 0; i < 800; i++)
        {
            y = 4 + 0.6 * y + random.NextNormal();
            forecast.Observe(y);
        }

        Assert.Equal(4 + 0.6 * y, forecast.Forecast(1), 0.5);
        Assert.Equal(10, forecast.Forecast(100), 0.6);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Copy_GoesItsOwnWay_AndForecastsAreNeverNegative(string name)
    {
        IForecaster forecaster = name switch
        {
            "constant" => new ConstantForecast(),
            "moving_maximum" => new MovingMaximumForecast(4),
            "seasonal_naive" => new SeasonalNaiveForecast(4),
            "holt_winters" => new HoltWintersForecast(4),
            "kalman" => new KalmanTrendForecast(),
            _ => new ArimaForecast(),
        };
        Assert.Equal(name, forecaster.Name);
        Assert.Equal(0, forecaster.Forecast(1));
        After(forecaster, 9, 8, 9, 5, 6, 4, 3, 3, 2, 1, 0.5);
        var copy = forecaster.Copy();
        Assert.Equal(forecaster.Forecast(2), copy.Forecast(2));
        var before = forecaster.Forecast(1);
        After(copy, 400, 500, 600, 700, 800);
        Assert.Equal(before, forecaster.Forecast(1));
        Assert.True(copy.Forecast(1) > before);
        for (var steps = 1; steps < 50; steps++)
        {
            Assert.True(forecaster.Forecast(steps) >= 0);
        }
    }

    private static T After<T>(T forecaster, params double[] values)
        where T : IForecaster
    {
        foreach (var value in values)
        {
            forecaster.Observe(value);
        }

        return forecaster;
    }
}
