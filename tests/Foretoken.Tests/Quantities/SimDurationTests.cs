using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Quantities;

public sealed class SimDurationTests
{
    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(1e-9, 1)]
    [InlineData(0.5e-9, 0)] // ties to even
    [InlineData(1.5e-9, 2)]
    [InlineData(0.01650142, 16_501_420)]
    [InlineData(3600, 3_600_000_000_000)]
    public void FromSeconds_RoundsToTheNearestNanosecond(double seconds, long nanoseconds) =>
        Assert.Equal(nanoseconds, SimDuration.FromSeconds(seconds).Nanoseconds);

    [Theory]
    [InlineData(-1e-9)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e10)]
    public void FromSeconds_NotADuration_Throws(double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SimDuration.FromSeconds(seconds));

    [Fact]
    public void Addition_BeyondTheRange_OverflowsLoudly() =>
        Assert.Throws<OverflowException>(() => SimTime.Never + new SimDuration(1));

    [Fact]
    public void ToString_ShowsEveryNanosecond()
    {
        Assert.Equal("12.000000345s", new SimTime(12_000_000_345).ToString());
        Assert.Equal("-0.000000001s", new SimDuration(-1).ToString());
        Assert.Equal("never", SimTime.Never.ToString());
    }
}
