using Foretoken.Tests.Metrics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Foretoken.Quantities;
using Foretoken.Reports.Json;
using Foretoken.Metrics.Summaries;
using Foretoken.Tests.Support;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Reports;

public sealed class SummaryJsonTests
{
    [Fact]
    public void Write_SmallRun_LooksAsAccepted() =>
        Snapshot.Match("summary.json", Json(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo))));

    [Fact]
    public void Write_SmallRun_HoldsTheValuesComputedByHand()
    {
        var json = JsonNode.Parse(Json(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo))))!;
        Assert.Equal(285, json["metrics"]!["time_to_first_token"]!["p95"]!.GetValue<double>());
        Assert.Equal(60.75, json["metrics"]!["benchmark_duration"]!["avg"]!.GetValue<double>());
        Assert.Equal("missed", json["slo"]!["verdict"]!.GetValue<string>());
        Assert.Equal("0123456789abcdef", json["run"]!["fingerprint"]!.GetValue<string>());
        var requests = json["requests"]!;
        Assert.Equal(
            requests["measured"]!.GetValue<long>(),
            new[] { "completed", "truncated", "rejected", "aborted", "unfinished" }.Sum(k => requests[k]!.GetValue<long>()));
    }

    [Fact]
    public void Write_EqualRunsAtDifferentSpeed_DifferOnlyUnderWallClock()
    {
        var context = SummaryBuilderTests.Context(SummaryBuilderTests.Slo);
        var one = JsonNode.Parse(Json(SummaryBuilder.Build(FakeRun.Traffic(400, 3, 200), context)))!.AsObject();
        var two = JsonNode.Parse(Json(SummaryBuilder.Build(FakeRun.Traffic(400, 3, 200), context with { RunTime = TimeSpan.FromSeconds(9), SetUpTime = null })))!.AsObject();
        Assert.NotEqual(one.ToJsonString(), two.ToJsonString());
        Assert.True(one.Remove("wall_clock") && two.Remove("wall_clock"));
        Assert.Equal(one.ToJsonString(), two.ToJsonString());
    }

    [Fact]
    public void Write_PartialRun_SaysSo()
    {
        var json = JsonNode.Parse(Json(SummaryBuilder.Build(FakeRun.Small(StopReason.TimeLimit), SummaryBuilderTests.Context())))!;
        Assert.True(json["partial"]!.GetValue<bool>());
        Assert.Equal("time_limit", json["stop_reason"]!.GetValue<string>());
    }

    [Fact]
    public void WriteFile_ExistingFile_IsReplacedAndNothingElseIsLeft()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("summary.json");
        File.WriteAllText(path, "old");
        SummaryJson.WriteFile(SummaryBuilder.Build(FakeRun.Empty(), SummaryBuilderTests.Context()), path);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(File.ReadAllText(path)).RootElement.ValueKind);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void WriteFile_PlaceIsAFolder_IsAClearError()
    {
        using var folder = new TemporaryFolder();
        var summary = SummaryBuilder.Build(FakeRun.Empty(), SummaryBuilderTests.Context());
        var problem = Assert.Single(Assert.Throws<InputException>(() => SummaryJson.WriteFile(summary, folder.Path)).Problems);
        Assert.Equal(folder.Path, problem.Place);
    }

    private static string Json(RunSummary summary)
    {
        using var stream = new MemoryStream();
        SummaryJson.Write(summary, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
