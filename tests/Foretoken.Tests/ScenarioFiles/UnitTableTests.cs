using Foretoken.Twin.Scenarios.Fields;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class UnitTableTests
{
    [Theory]
    [InlineData("500ms", 500_000_000)]
    [InlineData("0.1s", 100_000_000)]
    [InlineData("2 s", 2_000_000_000)]
    [InlineData("5m", 300_000_000_000)]
    [InlineData("1.5h", 5_400_000_000_000)]
    [InlineData("1e3us", 1_000_000)]
    [InlineData("1_000ns", 1000)]
    public void TryRead_Durations_AreExactNanoseconds(string text, long nanoseconds)
    {
        Assert.True(UnitTable.Duration.TryRead(text, out var value, out _, "x"));
        Assert.Equal(nanoseconds, value);
    }

    [Theory]
    [InlineData("80GiB", 85_899_345_920)]
    [InlineData("80GB", 80_000_000_000)]
    [InlineData("128KiB", 131_072)]
    public void TryRead_Memory_TellsPowersOfTwoFromThousands(string text, long bytes)
    {
        Assert.True(UnitTable.Bytes.TryRead(text, out var value, out _, "x"));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("25GB/s", 25_000_000_000)]
    [InlineData("400Gbit/s", 50_000_000_000)]
    public void TryRead_Bandwidth_IsBytesPerSecond(string text, long rate)
    {
        Assert.True(UnitTable.Bandwidth.TryRead(text, out var value, out _, "x"));
        Assert.Equal(rate, value);
    }

    [Theory]
    [InlineData("10k", 10_000)]
    [InlineData("10M", 10_000_000)]
    [InlineData("32Ki", 32_768)]
    public void TryRead_Counts_TakeSuffixes(string text, long count)
    {
        Assert.True(UnitTable.Count.TryRead(text, out var value, out _, "x"));
        Assert.Equal(count, value);
    }

    [Theory]
    [InlineData("500", "has no unit", "500ms")]
    [InlineData("5M", "unknown unit 'M'", "known units are")]
    [InlineData("fast", "is not a duration", "500ms")]
    [InlineData("1__0s", "unknown unit", "known units")]
    [InlineData("1.2.3s", "is not a duration", "500ms")]
    [InlineData("1e400s", "far too large", "500ms")]
    [InlineData("", "is not a duration", "500ms")]
    public void TryRead_BadDurations_SayWhatWouldBeRight(string text, string message, string fix)
    {
        Assert.False(UnitTable.Duration.TryRead(text, out _, out var problem, "x"));
        Assert.Contains(message, problem!.Message, StringComparison.Ordinal);
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("32K")]
    public void TryRead_CapitalK_IsRefused_BecauseEnginesAndPeopleDiffer(string text) => Assert.False(UnitTable.Count.TryRead(text, out _, out _, "x"));

    [Theory]
    [InlineData(1_500_000, "1.5ms")]
    [InlineData(2_000_000_000, "2s")]
    [InlineData(3_600_000_000_000, "1h")]
    [InlineData(7, "7ns")]
    public void Show_Durations_ReadsBackTheSame(long nanoseconds, string text)
    {
        Assert.Equal(text, UnitTable.Duration.Show(nanoseconds));
        Assert.True(UnitTable.Duration.TryRead(text, out var value, out _, "x"));
        Assert.Equal(nanoseconds, value);
    }
}
