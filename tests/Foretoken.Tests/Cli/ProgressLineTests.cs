using Foretoken.Cli.Simulation;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class ProgressLineTests
{
    [Fact]
    public void Line_KnownTotal_TellsHowLongItTakes() =>
        Assert.Equal("2,500 of 10,000 requests (25 %), 50 min simulated, 1,250 requests/s, about 6 s left", ProgressLine.Line(2500, 10_000, 3000, 2));

    [Fact]
    public void Line_UnknownTotal_LeavesItOut() =>
        Assert.Equal("2,500 requests, 30 s simulated, 1,250 requests/s", ProgressLine.Line(2500, -1, 30, 2));
}
