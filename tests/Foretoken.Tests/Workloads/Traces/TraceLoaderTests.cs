using FsCheck;
using FsCheck.Fluent;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class TraceLoaderTests
{
    [Fact]
    public void Load_ChainsThatTheSameRowsVisit_AreOneNode()
    {
        var trace = Load(4, (12, [1, 2, 3]), (14, [1, 2, 3, 9]), (10, [1, 2, 8]), (8, [7, 2]));

        // Blocks 1-2 are visited by three rows, 3 by two of them; 9, 8 and the second 2 (below 7) by one row each.
        Assert.Equal([0, 8], trace.Tree!.Starts.ToArray());
        Assert.Equal([8, 12], trace.Tree.Ends.ToArray());
        Assert.Equal([-1, 0], trace.Tree.Parents.ToArray());
        Assert.Equal(["0 1", "0 1", "0", ""], trace.Contents!.Select(c => string.Join(' ', c.Path.ToArray())));
        Assert.Equal(["0 1 2", "0 1 2 3", "0 1 4", "5 1"], trace.Contents!.Select(c => string.Join(' ', c.HashIds.ToArray())));
        Assert.Equal(4, trace.HashBlockTokens);
    }

    [Fact]
    public void Load_PartlyFilledLastBlock_EndsWhereTheLongestRowEnds()
    {
        var trace = Load(4, (6, [1, 2]), (7, [1, 2]));

        Assert.Equal([7], trace.Tree!.Ends.ToArray());
        Assert.Equal([6, 7], trace.Contents!.Select(c => c.KnownTokens));
        Assert.Equal(6, Shared(trace.Tree, trace.Contents![0], trace.Contents[1]));
    }

    [Fact]
    public void Load_SparseColumns_AreNullUnlessUsed()
    {
        var plain = TraceLoader.Load(TraceText.Open("{\"timestamp\":1,\"input_length\":3,\"output_length\":2}"));

        Assert.Null(plain.Priorities);
        Assert.Null(plain.Sessions);
        Assert.Null(plain.Delays);
        Assert.Null(plain.Contents);
        Assert.Null(plain.Tree);
        Assert.True(plain.HasArrivals);

        var full = TraceLoader.Load(TraceText.Open(
            """
            {"timestamp":1,"input_length":3,"output_length":2}
            {"timestamp":2,"input_length":3,"output_length":2,"session_id":"x","priority":4}
            {"input_length":3,"output_length":2,"session_id":"x","delay":3}
            {"timestamp":3,"input_length":3,"output_length":2,"session_id":"y"}
            """));

        Assert.Equal([0, 4, 0, 0], full.Priorities!);
        Assert.Equal([-1, 0, 0, 1], full.Sessions!);
        Assert.Equal([-1, -1, 3_000_000, -1], full.Delays!.Select(d => d.Nanoseconds));
        Assert.Equal(SimTime.Never, full.Arrivals[2]);
        Assert.Equal(2, full.SessionCount);
    }

    [Fact]
    public void Load_WithoutTimes_SaysSo() =>
        Assert.False(TraceLoader.Load(TraceText.Open("{\"input_length\":3,\"output_length\":2}")).HasArrivals);

    [Fact]
    public void Load_RandomIdSequences_SharesExactlyWhatTheIdsShare()
    {
        // Few ids and short sequences: many rows meet, the same id stands at several positions and below several parents.
        var row = from block in Gen.Choose(1, 6)
                  from rows in Gen.Choose(1, 12).SelectMany(n => Gen.ArrayOf(
                      from ids in Gen.Choose(1, 6).SelectMany(k => Gen.ArrayOf(Gen.Elements(0UL, 1UL, 2UL, 5_000_000_000UL), k))
                      from missing in Gen.Choose(0, block - 1)
                      select (Known: ids.Length * block - missing, Ids: ids), n))
                  select (block, rows);

        Prop.ForAll(row.ToArbitrary(), sample =>
        {
            var trace = Load(sample.block, sample.rows);
            var contents = trace.Contents!;
            for (var i = 0; i < contents.Length; i++)
            {
                CheckRanges(trace.Tree!, contents[i]);
                for (var j = 0; j < i; j++)
                {
                    Assert.Equal(
                        SharedByIds(sample.block, sample.rows[i], sample.rows[j]),
                        Shared(trace.Tree!, contents[i], contents[j]));
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Load_PublicTrace_SharesWhatTheIdsShare()
    {
        using var reader = TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz"));
        var trace = TraceLoader.Load(reader);
        var contents = trace.Contents!;

        Assert.Equal(12_031, trace.Count);
        Assert.Equal(288_500, contents.Sum(c => c.HashIds.Length));
        for (var i = 0; i < trace.Count; i++)
        {
            CheckRanges(trace.Tree!, contents[i]);
            var other = (i * 7919 + 13) % trace.Count;
            if (other != i)
            {
                Assert.Equal(SharedByIds(512, contents[i], contents[other]), Shared(trace.Tree!, contents[i], contents[other]));
            }
        }
    }

    private static Trace Load(int block, params (int Known, ulong[] Ids)[] rows)
    {
        var text = string.Join('\n', rows.Select(r => $$"""{"timestamp":0,"input_length":{{r.Known}},"output_length":1,"hash_ids":[{{string.Join(',', r.Ids)}}]}"""));
        using var reader = TraceText.Open(text, new() { HashBlockTokens = block });
        return TraceLoader.Load(reader);
    }

    private static int Shared(PrefixTree tree, PromptContent a, PromptContent b)
    {
        var common = a.Path.Span.CommonPrefixLength(b.Path.Span);
        return common == 0 ? 0 : Math.Min(tree.Ends[a.Path.Span[common - 1]], Math.Min(a.KnownTokens, b.KnownTokens));
    }

    private static int SharedByIds(int block, (int Known, ulong[] Ids) a, (int Known, ulong[] Ids) b) =>
        Math.Min(a.Ids.AsSpan().CommonPrefixLength(b.Ids) * block, Math.Min(a.Known, b.Known));

    private static int SharedByIds(int block, PromptContent a, PromptContent b) =>
        Math.Min(a.HashIds.Span.CommonPrefixLength(b.HashIds.Span) * block, Math.Min(a.KnownTokens, b.KnownTokens));

    private static void CheckRanges(PrefixTree tree, PromptContent content)
    {
        var at = 0;
        var parent = -1;
        foreach (var node in content.Path.Span)
        {
            Assert.Equal(parent, tree.Parents[node]);
            Assert.Equal(at, tree.Starts[node]);
            Assert.True(content.KnownTokens > tree.Starts[node]);
            at = tree.Ends[node];
            parent = node;
        }
    }
}
