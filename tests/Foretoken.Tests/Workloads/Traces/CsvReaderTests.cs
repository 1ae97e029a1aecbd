using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class CsvReaderTests
{
    [Fact]
    public void Azure_BothYears_CountFromTheFirstRequest()
    {
        var rows = TraceText.Rows("TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8");

        Assert.Equal([0, 52_000_000], rows.Select(r => r.Arrival!.Value.Nanoseconds));
        Assert.Equal((3180, 8), (rows[1].Input, rows[1].Output));

        rows = TraceText.Rows("TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 23:59:59.999+00:00,1,2\n2024-05-11 02:00:00.000001+02:00,3,4\n2024-05-11T00:00:01Z,3,4\n");

        Assert.Equal([0, 1_001_000, 1_001_000_000], rows.Select(r => r.Arrival!.Value.Nanoseconds));
    }

    [Theory]
    [InlineData("yesterday,1,1", "t:2: TIMESTAMP: yesterday is not a date and time")]
    [InlineData("2023-02-30 00:00:00,1,1", "t:2: TIMESTAMP: 2023-02-30 00:00:00 is not a date")]
    [InlineData("2023-02-20 00:00:00,-1,1", "t:2: ContextTokens: -1 is not a length")]
    [InlineData("2023-02-20 00:00:00,1,0", "t:2: GeneratedTokens: is 0 tokens")]
    [InlineData("2023-02-20 00:00:00,,1", "t:2: ContextTokens: is missing")]
    [InlineData("2023-02-20 00:00:00,1,99999999999", "t:2: GeneratedTokens: 99999999999 is more than")]
    [InlineData("2023-02-20 00:00:00,1", "t:2: 2 columns, the header has 3")]
    [InlineData("\"2023-02-20 00:00:00,1,1", "t:2: a quote is not closed")]
    public void Azure_BadRow_NamesLineAndColumn(string row, string expected)
    {
        var problems = TraceText.Problems("TIMESTAMP,ContextTokens,GeneratedTokens\n" + row);

        Assert.StartsWith(expected, problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Azure_WrongHeader_NamesTheMissingColumns()
    {
        var problems = TraceText.Problems("TIME,ContextTokens,Generated\n2023-02-20 00:00:00,1,1");

        Assert.Equal(2, problems.Length);
        Assert.StartsWith("t:1: the header has no column 'TIMESTAMP'", problems[0], StringComparison.Ordinal);
        Assert.StartsWith("t:1: the header has no column 'GeneratedTokens'", problems[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("traces/azure_2023_code.csv.gz", 8819)]
    [InlineData("traces/azure_2023_conv.csv.gz", 19366)]
    public void Azure_PublicTraces_ReadInFull(string file, int requests)
    {
        var rows = TraceText.Rows(TraceFiles.Open(SharedData.Require(file)));

        Assert.Equal(requests, rows.Count);
        Assert.InRange(rows[^1].Arrival!.Value.TotalSeconds, 3300, 3600);
    }

    [Fact]
    public void BurstGpt_WithAndWithoutSessions_IsRead()
    {
        var rows = TraceText.Rows("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45.5,GPT-4,1087,230,1317,\"API, log\"\n");

        Assert.Equal([(0L, 472, 18), (40_500_000_000L, 1087, 230)], rows.Select(r => (r.Arrival!.Value.Nanoseconds, r.Input, r.Output)));

        rows = TraceText.Rows("Timestamp,Session ID,Request tokens,Response tokens\n5,x,1,1\n5,,1,1\n9,x,2,2\n");

        Assert.Equal(["x", null, "x"], rows.Select(r => r.Session));
        Assert.Equal(new SimTime(4_000_000_000), rows[2].Arrival);
    }

    [Fact]
    public void BurstGpt_FailedRequestWithZeroTokens_IsABadRow()
    {
        const string text = "Timestamp,Model,Request tokens,Response tokens\n1,a,10,10\n2,a,0,0\n";

        Assert.Equal(2, TraceText.Problems(text).Length);
        Assert.Single(TraceText.Rows(text, new() { SkipBadLines = 1 }));
    }
}
