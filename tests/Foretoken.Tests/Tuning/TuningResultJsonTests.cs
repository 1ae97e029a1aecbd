using System.Text.Json.Nodes;
using Foretoken.Quantities;
using Foretoken.Tests.Reports;
using Foretoken.Tests.Reports.Tuning;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Results;
using Xunit;

namespace Foretoken.Tests.Tuning;

public sealed class TuningResultJsonTests
{
    [Theory]
    [InlineData(300, true)]
    [InlineData(300, false)]
    [InlineData(0, true)]
    public void Parse_WhatWasWritten_GivesTheSameBytesAgain(int candidates, bool kept)
    {
        var result = FakeStudy.Make(candidates, kept);
        var text = TuningResultJson.Text(result);
        var again = TuningResultJson.Parse(text, "here");
        Assert.Equal(text, TuningResultJson.Text(again));
        Assert.Equal(result.Objectives, again.Objectives);
        Assert.Equal(result.Constraints, again.Constraints);
        foreach (var (a, b) in result.Candidates.Zip(again.Candidates))
        {
            Assert.Equal((a.Number, a.Title, a.State, a.OnFront, a.Violation), (b.Number, b.Title, b.State, b.OnFront, b.Violation));
            Assert.Equal(a.Objectives, b.Objectives);
            Assert.Equal(a.Measures, b.Measures);
            Assert.Equal(a.Knobs, b.Knobs);
        }
    }

    [Fact]
    public void Parse_OddNumbers_KeepsEveryBit()
    {
        var made = FakeStudy.Make(1);
        double[] odd = [0.1 + 0.2, double.Epsilon, double.MaxValue, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        var result = made with { Candidates = [made.Candidates[0] with { Measures = [.. odd.Select(v => new Interval(v, -v, v))], Capacity = new Interval(1, double.NaN, double.PositiveInfinity) }] };
        var again = TuningResultJson.Parse(TuningResultJson.Text(result), "here");
        Assert.Equal(odd.Select(BitConverter.DoubleToInt64Bits), again.Candidates[0].Measures.Select(m => BitConverter.DoubleToInt64Bits(m.High)));
        Assert.Equal(new Interval(1, double.NaN, double.PositiveInfinity), again.Candidates[0].Capacity);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(50, false)]
    [InlineData(0, true)]
    public void Text_AnyResult_FollowsTheSchema(int candidates, bool kept)
    {
        var schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schema", "tuning.schema.json")))!;
        Assert.Equal(TuningResultJson.SchemaVersion, (string)schema["properties"]!["schema_version"]!["const"]!);
        Assert.Empty(MiniSchema.Problems(schema, JsonNode.Parse(TuningResultJson.Text(FakeStudy.Make(candidates, kept)))));
    }

    [Fact]
    public void Text_Candidates_StandOnALineEach()
    {
        var lines = TuningResultJson.Text(FakeStudy.Make(20)).Split('\n');
        Assert.Equal(20, lines.Count(l => l.TrimStart().StartsWith("{\"number\":", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("{", "here: is no tuning result: ")]
    [InlineData("[]", "here: is no tuning result")]
    [InlineData("{\"schema_version\": \"3.0\"}", "here: has version 3.0; this program reads 2.0 (use the version of Foretoken that wrote it)")]
    [InlineData("{\"schema_version\": \"2.0\"}", "here: is no tuning result: ")]
    public void Parse_SomethingElse_SaysSo(string text, string told) =>
        Assert.StartsWith(told, Assert.Throws<InputException>(() => TuningResultJson.Parse(text, "here")).Message, StringComparison.Ordinal);
}
