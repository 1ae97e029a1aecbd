using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Workloads.Requests;

public sealed class ClosedLoopSourceTests
{
    private static readonly SimDuration Service = new(10_000_000);

    [Fact]
    public void Play_PlainTrace_KeepsConcurrencyAndIssuesWhenASlotFrees()
    {
        var most = 0;
        var source = Loop(Traces.Plain(0, 999, 999, 999, 999), 2);
        var played = Players.Play(source, _ => Service, (_, n) => most = Math.Max(most, n));
        Assert.Equal([0L, 0, 10, 10, 20], played.Select(p => p.Request.Arrival.Nanoseconds / 1_000_000));
        Assert.Equal(2, most);
    }

    [Fact]
    public void Play_Ramp_StartsSlotsEvenly()
    {
        var source = Loop(Traces.Plain(new long[8]), 4, rampMs: 8);
        var played = Players.Play(source, _ => Service);
        Assert.Equal([0L, 2, 4, 6, 10, 12, 14, 16], played.Select(p => p.Request.Arrival.Nanoseconds / 1_000_000));
    }

    [Fact]
    public void Play_SessionsWithDelay_KeepTheirSlotThroughIt()
    {
        // One slot: the second session starts only after the first one's think time and second turn.
        var trace = Traces.WithSessions((0, 0, -1), (0, 1, -1), (-1, 0, 100));
        var played = Players.Play(Loop(trace, 1), _ => Service);
        Assert.Equal([(0, 0L), (0, 110L), (1, 120L)], played.Select(p => (p.Request.Session, p.Request.Arrival.Nanoseconds / 1_000_000)));
    }

    [Fact]
    public void Play_MoreSlotsThanRequests_EndsWithoutAnnouncingMore()
    {
        var source = Loop(Traces.Plain(0, 0), 10, rampMs: 100);
        Assert.Equal(2, Players.Play(source, _ => Service).Count);
        Assert.Equal(SimTime.Never, source.NextArrival);
    }

    [Fact]
    public void Play_RandomServiceTimes_NeverExceedsConcurrencyAndKeepsItWhileSupplyLasts()
    {
        const int slots = 7;
        var random = new RandomStream(3, StreamId.Test);
        var counts = new List<int>();
        var source = Loop(Traces.Plain(new long[500]), slots);
        var issuedAtEnd = 0;
        var played = Players.Play(source, _ => new SimDuration(1 + random.NextInt(1000)), (_, n) => counts.Add(n));
        issuedAtEnd = played.Count;
        Assert.Equal(500, issuedAtEnd);
        Assert.Equal(slots, counts.Max());

        // A completion drops the count to one below for no time at all: the next event is the new arrival at the same time.
        var afterRampUp = counts.Skip(slots).Take(counts.Count - 3 * slots);
        Assert.All(afterRampUp, n => Assert.InRange(n, 0, slots));
        for (var i = 1; i < played.Count; i++)
        {
            var at = played[i].Request.Arrival;
            Assert.True(i < slots || played.Any(p => p.End == at), "a request is issued at the very time of a completion");
        }
    }

    [Fact]
    public void Constructor_BadOptions_NamesAll()
    {
        var bad = Assert.Throws<InputException>(() => new ClosedLoopSource(
            new TraceConversations(Traces.Plain(0), ignoreTimestamps: true),
            new() { Concurrency = 0, Ramp = new SimDuration(-1), WarmUpRequests = -1 }));
        Assert.Equal(["closed_loop.concurrency", "closed_loop.ramp", "closed_loop.warm_up_requests"], bad.Problems.Select(p => p.Place));
    }

    private static ClosedLoopSource Loop(Foretoken.Workloads.Traces.Trace trace, int concurrency, long rampMs = 0) =>
        new(new TraceConversations(trace, ignoreTimestamps: true), new() { Concurrency = concurrency, Ramp = new SimDuration(rampMs * 1_000_000) });
}
