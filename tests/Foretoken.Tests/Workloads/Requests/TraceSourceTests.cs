using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Workloads.Requests;

public sealed class TraceSourceTests
{
    [Fact]
    public void Take_PlainTrace_HandsOutRowsUnchanged()
    {
        var source = new TraceSource(Traces.Plain(0, 5, 5, 9));
        Assert.False(source.IsReactive);
        Assert.Equal(4, source.Count);
        var all = Players.Drain(source);
        Assert.Equal([0L, 5, 5, 9], all.Select(r => r.Arrival.Nanoseconds / 1_000_000));
        Assert.Equal([100, 101, 102, 103], all.Select(r => r.InputTokens));
        Assert.Equal([10, 11, 12, 13], all.Select(r => r.OutputTokens));
        Assert.All(all, r => Assert.Equal(-1, r.Session));
    }

    [Fact]
    public void Take_RowsOutOfOrder_HandsOutByTimeAndTiesByRow()
    {
        var all = Players.Drain(new TraceSource(Traces.Plain(7, 3, 7, 0, 3)));
        Assert.Equal([103, 101, 104, 100, 102], all.Select(r => r.InputTokens));
    }

    [Theory]
    [InlineData(2.0, new long[] { 0, 5, 10 })]
    [InlineData(0.5, new long[] { 0, 20, 40 })]
    public void Take_Speedup_DividesTimes(double speedup, long[] expectedMs)
    {
        var all = Players.Drain(new TraceSource(Traces.Plain(0, 10, 20), new() { Speedup = speedup }));
        Assert.Equal(expectedMs, all.Select(r => r.Arrival.Nanoseconds / 1_000_000));
    }

    [Fact]
    public void Take_RequestLimit_EndsAfterTheFirstRows()
    {
        var source = new TraceSource(Traces.Plain(0, 1, 2, 3), new() { RequestLimit = 2 });
        Assert.Equal(2, source.Count);
        Assert.Equal([100, 101], Players.Drain(source).Select(r => r.InputTokens));
    }

    [Fact]
    public void Take_SteadyState_AllocatesNothing()
    {
        var source = new TraceSource(Traces.Plain([.. Enumerable.Range(0, 5000).Select(i => (long)i)]));
        for (var i = 0; i < 100; i++)
        {
            source.Take(out _);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 4000; i++)
        {
            source.Take(out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Take_SessionWithDelays_WaitsForCompletionPlusDelay()
    {
        var trace = Traces.WithSessions((0, 0, -1), (1, -1, -1), (-1, 0, 50), (-1, 0, 7));
        var source = new TraceSource(trace);
        Assert.True(source.IsReactive);
        var played = Players.Play(source, _ => new SimDuration(20_000_000));
        Assert.Equal([(100, 0L), (101, 1L), (102, 70L), (103, 97L)], played.Select(p => (p.Request.InputTokens, p.Request.Arrival.Nanoseconds / 1_000_000)));
        Assert.Equal([0, -1, 0, 0], played.Select(p => p.Request.Session));
    }

    [Fact]
    public void Take_SessionWithTimestampsOnly_UsesTheirDifferenceAsDelay()
    {
        var played = Players.Play(new TraceSource(Traces.WithSessions((0, 0, -1), (30, 0, -1))), _ => new SimDuration(20_000_000));
        Assert.Equal(Traces.Ms(50), played[1].Request.Arrival);
    }

    [Fact]
    public void Take_SessionWithSpeedup_DividesDelaysToo()
    {
        var played = Players.Play(new TraceSource(Traces.WithSessions((10, 0, -1), (-1, 0, 30)), new() { Speedup = 2 }), _ => new SimDuration(20_000_000));
        Assert.Equal([Traces.Ms(5), Traces.Ms(40)], played.Select(p => p.Request.Arrival));
    }

    [Fact]
    public void Constructor_RowsWithoutTime_NamesEachRow()
    {
        var missing = Assert.Throws<InputException>(() => new TraceSource(Traces.WithSessions((-1, 0, -1), (-1, -1, -1), (5, 1, -1))));
        Assert.Equal(["row 1", "row 2"], missing.Problems.Select(p => p.Place));
        var backwards = Assert.Throws<InputException>(() => new TraceSource(Traces.WithSessions((5, 0, -1), (3, 0, -1))));
        Assert.Equal("row 2", Assert.Single(backwards.Problems).Place);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Constructor_BadSpeedup_IsAProblem(double speedup)
    {
        var bad = Assert.Throws<InputException>(() => new TraceSource(Traces.Plain(0), new() { Speedup = speedup, RequestLimit = 0 }));
        Assert.Equal(["trace.speedup", "trace.limit"], bad.Problems.Select(p => p.Place));
    }

    [Fact]
    public void Play_EmptyTrace_HasNothing() => Assert.Equal(SimTime.Never, new TraceSource(Traces.Plain()).NextArrival);
}
