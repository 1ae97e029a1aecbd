using Foretoken.Accuracy.Statistics;
using Foretoken.Reports.Silicon;
using Xunit;

namespace Foretoken.Tests.Accuracy;

public sealed class ErrorStatisticsTests
{
    [Fact]
    public void Of_KnownErrors_GivesTheTextbookFigures()
    {
        // |e| in order: 1 2 3 4 10; p90 at rank 3.6: 4 + 0.6 x 6.
        var e = ErrorStatistics.Of([-10, 2, -1, 3, 4]);
        Assert.Equal((5, 3.0, 4.0), (e.Count, e.Median, e.Mean));
        Assert.Equal(7.6, e.P90, 12);
        Assert.Equal(-0.4, e.Bias, 12);
    }

    [Fact]
    public void Of_EvenCount_TakesTheMiddleOfTheTwo() => Assert.Equal(2.5, ErrorStatistics.Of([1, 2, -3, 100]).Median, 12);

    [Fact]
    public void Error_TooSlow_IsPositive() => Assert.Equal((50.0, -50.0), (ErrorStatistics.Error(3, 2), ErrorStatistics.Error(1, 2)));

    [Fact]
    public void LastLine_KnownErrors_IsWhatToolsRead()
    {
        var e = ErrorStatistics.Of([-10, 2, -1, 3, 4]);
        Assert.Equal("rows 5 | tpot median 3.0% mean 4.0% p90 7.6% bias -0.4% | ttft median 3.0% mean 4.0% p90 7.6% bias -0.4%", SiliconReport.LastLine(e, e));
    }

    [Fact]
    public void LastLine_NoRows_SaysNone() => Assert.Equal("rows 0 | tpot none | ttft none", SiliconReport.LastLine(ErrorStatistics.Of([]), ErrorStatistics.Of([])));
}
