using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Requests;

public sealed class StreamedTraceSourceTests
{
    [Fact]
    public void Take_PlainRows_HandsOutRowsWithoutTree()
    {
        using var reader = new RowReader([Row(0, 100), Row(4, 200), Row(4, 300)]);
        var source = new StreamedTraceSource(reader, new() { Speedup = 2 });
        var all = Players.Drain(source);
        Assert.Equal([0L, 2, 2], all.Select(r => r.Arrival.Nanoseconds / 1_000_000));
        Assert.Equal([100, 200, 300], all.Select(r => r.InputTokens));
        Assert.Null(source.Tree);
        Assert.All(all, r => Assert.Equal(default, r.Content));
    }

    [Fact]
    public void Take_HashIds_BuildsATreeOfDistinctBlocks()
    {
        using var reader = new RowReader([Row(0, 25, 10, 7, 8, 9), Row(1, 20, 10, 7, 8), Row(2, 25, 10, 7, 5, 9)]);
        var source = new StreamedTraceSource(reader);
        var all = Players.Drain(source);
        var tree = source.Tree!;
        Assert.Equal([0, 1, 2], all[0].Content.Path.ToArray());
        Assert.Equal([0, 1], all[1].Content.Path.ToArray());
        Assert.Equal([0, 3, 4], all[2].Content.Path.ToArray());
        Assert.Equal([10, 20, 30, 20, 30], tree.Ends.ToArray());
        Assert.Equal([-1, 0, 1, 0, 3], tree.Parents.ToArray());
        Assert.All(all, r => Assert.Equal(r.InputTokens, r.Content.KnownTokens));
        // Nodes are whole blocks, however much of the last one a row knows: rows that know more share it too.
        Assert.Equal([30, 20, 30], all.Select(r => tree.Ends[r.Content.Path.Span[^1]]));
    }

    [Fact]
    public void Take_RequestLimit_StopsReading()
    {
        using var reader = new RowReader([Row(0, 1), Row(1, 1), Row(2, 1)]);
        Assert.Equal(2, Players.Drain(new StreamedTraceSource(reader, new() { RequestLimit = 2 })).Count);
    }

    [Fact]
    public void Take_RowThatCannotBeStreamed_NamesTheLine()
    {
        var session = Row(1, 5);
        session.SessionId = "a";
        var timeless = Row(1, 5);
        timeless.Arrival = null;
        foreach (var bad in new[] { session, timeless, Row(-1, 5) })
        {
            using var reader = new RowReader([Row(0, 1), bad]);
            if (bad.Arrival == new SimTime(-1_000_000))
            {
                bad.Arrival = SimTime.Zero;
                using var backwards = new RowReader([Row(3, 1), bad]);
                Assert.Equal("line 2", Assert.Single(Fails(backwards).Problems).Place);
                continue;
            }

            Assert.Equal("line 2", Assert.Single(Fails(reader).Problems).Place);
        }
    }

    [Fact]
    public void Take_LongTraceWithoutIds_AllocatesNothing()
    {
        using var reader = new EndlessReader();
        var source = new StreamedTraceSource(reader);
        for (var i = 0; i < 100; i++)
        {
            source.Take(out _);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            source.Take(out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static InputException Fails(RowReader reader) => Assert.Throws<InputException>(() => Players.Drain(new StreamedTraceSource(reader)));

    private static TraceRecord Row(long ms, int input, int block = 0, params ulong[] ids)
    {
        var record = new TraceRecord { Arrival = Traces.Ms(ms), InputTokens = input, OutputTokens = 3, HashBlockTokens = block, KnownTokens = ids.Length == 0 ? 0 : input };
        record.HashIds.AddRange(ids);
        return record;
    }
    private sealed class EndlessReader : ITraceReader
    {
        private long _now;

        public TraceFormat Format => TraceFormat.AzureLlm;

        public long SkippedRows => 0;

        public IReadOnlyList<Problem> Skipped => [];

        public IReadOnlyList<string> Notes => [];

        public bool Read(TraceRecord record)
        {
            record.Clear();
            record.Arrival = new SimTime(_now++);
            record.InputTokens = 10;
            record.OutputTokens = 2;
            return true;
        }

        public void Dispose()
        {
        }
    }
}
