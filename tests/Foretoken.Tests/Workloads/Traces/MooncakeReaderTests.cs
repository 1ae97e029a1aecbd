using System.Text;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class MooncakeReaderTests
{
    private static readonly TraceReadOptions Block4 = new() { HashBlockTokens = 4 };

    [Fact]
    public void Read_AllFields_AreTaken()
    {
        var rows = TraceText.Rows(
            """
            {"timestamp": 1000, "input_length": 10, "output_length": 3, "hash_ids": [7, 8, 18446744073709551615], "session_id": "a", "request_id": "r1", "priority": -2, "text": {"x": [1, "]}"]}}
            {"session_id":"a","delay":250.5,"input_tokens":12,"output_token_ids":[5,6],"hash_ids":[7,8,9,1],"known_tokens":14}
            {"created_time":1000.000001,"hash_ids":[3,4],"output_tokens":1,"session_id":17,"strict_priority":null}
            """,
            Block4);

        Assert.Equal(
            [
                new Row(SimTime.Zero, null, 10, 3, -2, "a", "r1", 4, 10, "7 8 18446744073709551615"),
                new Row(null, new SimDuration(250_500_000), 12, 2, 0, "a", null, 4, 14, "7 8 9 1"),
                new Row(new SimTime(1), null, 8, 1, 0, "17", null, 4, 8, "3 4"),
            ],
            rows);
    }

    [Fact]
    public void Read_WithoutIds_HasNoContent()
    {
        var row = Assert.Single(TraceText.Rows("""{"timestamp":5,"input_length":10,"output_length":3}"""));

        Assert.Equal(new Row(SimTime.Zero, null, 10, 3, 0, null, null, 0, 0, ""), row);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n\n  \t\r\n")]
    public void Read_AnyLineEnd_GivesTheSameRows(string end)
    {
        var text = string.Join(end, Enumerable.Range(0, 5).Select(i => $$"""{"timestamp":{{i}},"input_length":1,"output_length":1}"""));

        Assert.Equal(5, TraceText.Rows(text).Count);
        Assert.Equal(5, TraceText.Rows("\uFEFF" + text + end).Count);
    }

    [Theory]
    [InlineData("""{"timestamp":0,"input_length":-4,"output_length":1}""", "t:1: input_length: -4 is not a length")]
    [InlineData("""{"timestamp":0,"input_length":0,"output_length":1}""", "t:1: input_length: 0 is not a length")]
    [InlineData("""{"timestamp":0,"input_length":"9","output_length":1}""", "t:1: input_length: \"9\" is not a length")]
    [InlineData("""{"timestamp":0,"input_length":1.5,"output_length":1}""", "t:1: input_length: 1.5 is not a length")]
    [InlineData("""{"timestamp":0,"input_length":2147483648,"output_length":1}""", "t:1: input_length: 2147483648 is more than")]
    [InlineData("""{"timestamp":0,"input_length":99999999999999999999999,"output_length":1}""", "t:1: input_length: 99999999999999999999999 is more than")]
    [InlineData("""{"timestamp":0,"input_length":4}""", "t:1: output_length: is missing")]
    [InlineData("""{"timestamp":0,"output_length":4}""", "t:1: input_length: is missing")]
    [InlineData("""{"timestamp":-1,"input_length":4,"output_length":1}""", "t:1: timestamp: -1 is not a time")]
    [InlineData("""{"timestamp":1e300,"input_length":4,"output_length":1}""", "t:1: timestamp: 1e300 is not a time")]
    [InlineData("""{"timestamp":true,"input_length":4,"output_length":1}""", "t:1: timestamp: true is not a time")]
    [InlineData("""{"timestamp":0,"input_length":9,"output_length":1,"hash_ids":[1,2]}""", "t:1: hash_ids: 2 ids for 9 tokens, which are 3 blocks of 4")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[1,2,3]}""", "t:1: hash_ids: 3 ids for 8 tokens, which are 2 blocks of 4")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[]}""", "t:1: hash_ids: is empty")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[1,-2]}""", "t:1: hash_ids[1]: -2 is not a whole number")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[1,1.0]}""", "t:1: hash_ids[1]: 1.0 is not a whole number")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[1,18446744073709551616]}""", "t:1: hash_ids[1]: 18446744073709551616 is not")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":{"a":1}}""", "t:1: hash_ids: {\"a\":1} is not a list")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"hash_ids":[1,2,3],"known_tokens":10}""", "t:1: known_tokens: 10 is more than prompt and answer")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":1,"known_tokens":8}""", "t:1: known_tokens: is given without hash_ids")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,"output_token_ids":[1,2]}""", "t:1: output_token_ids: 2 ids for an output_length of 3")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,"delay":4}""", "t:1: delay: a delay without a session")]
    [InlineData("""{"timestamp":0,"created_time":0,"input_length":8,"output_length":3}""", "t:1: created_time: is given twice")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,"priority":0.5}""", "t:1: priority: 0.5 is not a whole number")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,"session_id":""}""", "t:1: session_id: is empty")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3""", "t:1: not valid JSON at column 50")]
    [InlineData("""{"timestamp":0,"input_length":08,"output_length":3}""", "t:1: not valid JSON at column")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,}""", "t:1: not valid JSON at column 51")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3} x""", "t:1: not valid JSON at column 52")]
    [InlineData("""{"timestamp":0,"input_length":8,"output_length":3,"x":"\q"}""", "t:1: not valid JSON at column")]
    public void Read_BadRow_NamesLineFieldAndValue(string row, string expected)
    {
        var problem = TraceText.Problems(row, Block4 with { Format = TraceFormat.Mooncake })[0];

        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralMistakesInOneRow_AreAllNamed()
    {
        var problems = TraceText.Problems("""{"timestamp":-1,"input_length":0,"output_length":"x"}""");

        Assert.Equal(["t:1: timestamp", "t:1: input_length", "t:1: output_length"], problems.Select(p => p[..p.LastIndexOf(": ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void Read_TimeRunsBackwards_NamesBothLines()
    {
        var problems = TraceText.Problems(
            """
            {"timestamp":10,"input_length":1,"output_length":1}
            {"timestamp":30,"input_length":1,"output_length":1}
            {"timestamp":29.5,"input_length":1,"output_length":1}
            {"timestamp":30,"input_length":1,"output_length":1}
            """);

        Assert.Equal(["t:3: timestamp: time runs backwards: 0.0005 s before that of the request before it, line 2 (sort the rows by time)"], problems);
    }

    [Fact]
    public void Read_LaterTurnsOfSessions_MayLieBeforeOtherSessionsFirstTurns()
    {
        var rows = TraceText.Rows(
            """
            {"timestamp":10,"input_length":1,"output_length":1,"session_id":"a"}
            {"timestamp":90,"input_length":1,"output_length":1,"session_id":"a"}
            {"timestamp":30,"input_length":1,"output_length":1,"session_id":"b"}
            """);

        Assert.Equal([0, 80_000_000, 20_000_000], rows.Select(r => r.Arrival!.Value.Nanoseconds));
        Assert.StartsWith("t:2: timestamp: time runs backwards", TraceText.Problems(
            """
            {"timestamp":10,"input_length":1,"output_length":1,"session_id":"a"}
            {"timestamp":9,"input_length":1,"output_length":1,"session_id":"a"}
            """)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TimeOnlyInSomeRows_IsAProblem()
    {
        Assert.Equal(
            ["t:2: timestamp: is missing (only a session's later turns may go without a time)"],
            TraceText.Problems("{\"timestamp\":1,\"input_length\":1,\"output_length\":1}\n{\"input_length\":1,\"output_length\":1}"));
        Assert.StartsWith(
            "t:2: timestamp: the trace's first row has no time",
            TraceText.Problems("{\"input_length\":1,\"output_length\":1}\n{\"timestamp\":1,\"input_length\":1,\"output_length\":1}")[0],
            StringComparison.Ordinal);
        Assert.All(TraceText.Rows("{\"input_length\":1,\"output_length\":1}\n{\"input_length\":1,\"output_length\":1}"), r => Assert.Null(r.Arrival));
    }

    [Fact]
    public void Read_ManyBadRows_ShowsTwentyAndCountsTheRest()
    {
        var text = string.Concat(Enumerable.Repeat("{\"timestamp\":0,\"input_length\":0,\"output_length\":1}\n", 50));

        var problems = TraceText.Problems(text);

        Assert.Equal(21, problems.Length);
        Assert.Equal("t: 30 more problems", problems[20]);
        Assert.Equal("t: at least 981 more problems", TraceText.Problems(string.Concat(Enumerable.Repeat(text, 100)))[20]);
    }

    [Fact]
    public void Read_BadRowsWithinTolerance_AreSkippedAndListed()
    {
        const string text =
            """
            {"timestamp":5,"input_length":0,"output_length":1}
            {"timestamp":10,"input_length":1,"output_length":1}
            nonsense
            {"timestamp":11,"input_length":1,"output_length":1}
            """;
        var options = new TraceReadOptions { SkipBadLines = 2 };
        using var reader = TraceText.Open(text, options);

        var rows = TraceText.Rows(reader);

        Assert.Equal([0, 1_000_000], rows.Select(r => r.Arrival!.Value.Nanoseconds));
        Assert.Equal(2, reader.SkippedRows);
        Assert.Equal(["t:1: input_length", "t:3"], reader.Skipped.Select(p => p.Place));
        Assert.Equal(
            "--skip-bad-lines: 1 bad row is tolerated, 2 were found",
            TraceText.Problems(text, options with { SkipBadLines = 1 })[^1]);
    }

    [Fact]
    public void Read_InvalidUtf8_IsABadRow()
    {
        byte[] bytes = [.. "{\"timestamp\":0,\"input_length\":1,\"output_length\":1,\"request_id\":\""u8, 0xFF, .. "\"}\n"u8];

        var e = Assert.Throws<InputException>(() => TraceText.Rows(TraceText.Open(bytes)));

        Assert.Equal("t:1", e.Problems[0].Place);
        Assert.Equal("is not valid UTF-8 text", e.Problems[0].Message);
    }

    [Fact]
    public void Read_LineLongerThanAllowed_NamesItsNumber()
    {
        var text = "{\"timestamp\":0,\"input_length\":1,\"output_length\":1}\n{\"x\":\"" + new string('a', 3 << 20);

        var problems = TraceText.Problems(text, new() { MaximumLineBytes = 1 << 20, SkipBadLines = 5 });

        Assert.StartsWith("t:2: the line is longer than 1 MiB", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ManyRows_AllocatesNothingPerRow()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 20_000; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $$"""{"timestamp":{{i}},"input_length":1500,"output_length":7,"hash_ids":[0,{{i}},{{i + 1}}],"session_id":"s{{i % 10}}"}""").Append('\n');
        }

        using var reader = TraceText.Open(text.ToString());
        var record = new TraceRecord();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(reader.Read(record));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        while (reader.Read(record))
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void Read_PublicTrace_HasItsKnownTotals()
    {
        var rows = TraceText.Rows(TraceFiles.Open(SharedData.Require("traces/mooncake_conversation.jsonl.gz")));

        Assert.Equal(12_031, rows.Count);
        Assert.Equal(4_122_048, rows.Sum(r => (long)r.Output));
        Assert.Equal(512, rows[0].Block);
        Assert.InRange(rows[^1].Arrival!.Value.TotalSeconds, 3500, 3600);
    }
}
