using Foretoken.Tests.Reports;
using System.Text.Json.Nodes;
using Foretoken.Reports.Json;
using Foretoken.Metrics;
using Foretoken.Reports.Requests;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Tests.Support;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Metrics;

/// <summary>Catalogue, schema, documentation and what is written must tell the same. FORETOKEN_ACCEPT=1 writes the generated parts.</summary>
public sealed class MetricCatalogueTests
{
    private const string Begin = "<!-- metrics: made from the catalogue, checked by a test -->\n";
    private const string End = "<!-- /metrics -->\n";

    [Fact]
    public void Tags_All_AreUniqueAndShortNamesAreShort()
    {
        Assert.Equal(MetricCatalogue.All.Count, MetricCatalogue.All.Select(m => m.Tag).Distinct().Count());
        Assert.All(MetricCatalogue.All, m => Assert.InRange(m.ShortName.Length, 1, 16));
        Assert.All(MetricCatalogue.All, m => Assert.Same(m, MetricCatalogue.Find(m.Tag)));
        var fields = typeof(MetricCatalogue).GetFields().Select(f => f.GetValue(null)).OfType<MetricDefinition>().ToHashSet();
        Assert.True(fields.SetEquals(MetricCatalogue.All));
    }

    [Fact]
    public void Documentation_Metrics_AreTheCatalogue()
    {
        var path = Repository.PathOf("docs", "results.md");
        var text = File.ReadAllText(path);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        var generated = "| tag | unit | definition |\n| --- | --- | --- |\n" + string.Concat(MetricCatalogue.All.Select(m => $"| `{m.Tag}` | {m.Unit} | **{m.Name}.** {m.Definition} |\n"));
        if (Environment.GetEnvironmentVariable("FORETOKEN_ACCEPT") == "1")
        {
            File.WriteAllText(path, text[..begin] + generated + text[end..]);
            return;
        }

        Assert.Equal(generated, text[begin..end]);
    }

    [Fact]
    public void Documentation_RequestColumns_AreThoseWritten()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "results.md"));
        Assert.All(RequestFiles.Columns, column => Assert.Contains($"`{column}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Schema_Published_IsTheOneOfTheProgram()
    {
        var path = Repository.PathOf("docs", "schema", "summary.schema.json");
        if (Environment.GetEnvironmentVariable("FORETOKEN_ACCEPT") == "1")
        {
            File.WriteAllText(path, SummarySchema.Text());
        }

        Assert.Equal(File.ReadAllText(path), SummarySchema.Text());
    }

    [Fact]
    public void Schema_Summaries_AreValid()
    {
        var slo = SummaryBuilderTests.Slo;
        var odd = slo with { Targets = [.. slo.Targets, new SloTarget { Metric = "request_latency", Percentile = 97.5, Bound = 1 }] };
        RunResult[] results = [FakeRun.Small(), FakeRun.Small(StopReason.Interrupted), FakeRun.Empty(), FakeRun.Traffic(200, 2, 100)];
        foreach (var result in results)
        {
            foreach (var spec in new[] { null, slo, odd })
            {
                Assert.Empty(MiniSchema.Problems(JsonNode.Parse(SummarySchema.Text())!, Json(SummaryBuilder.Build(result, SummaryBuilderTests.Context(spec)))));
                Assert.Empty(MiniSchema.Problems(JsonNode.Parse(SummarySchema.Text())!, Json(SummaryBuilder.Build(result, SummaryBuilderTests.Context(spec) with { RunTime = null }))));
            }
        }
    }

    [Theory]
    [InlineData("metrics.time_to_first_token.unit", "\"s\"")]
    [InlineData("metrics.made_up", "{}")]
    [InlineData("requests.completed", "-1")]
    [InlineData("run.fingerprint", "\"xyz\"")]
    [InlineData("partial", "null")]
    [InlineData("slo.verdict", "\"maybe\"")]
    public void Schema_DamagedSummary_IsRefused(string place, string value)
    {
        var json = Json(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo)));
        var parts = place.Split('.');
        var node = json;
        foreach (var part in parts[..^1])
        {
            node = node[part]!;
        }

        node[parts[^1]] = JsonNode.Parse(value);
        Assert.NotEmpty(MiniSchema.Problems(JsonNode.Parse(SummarySchema.Text())!, json));
    }

    private static JsonNode Json(RunSummary summary)
    {
        using var stream = new MemoryStream();
        SummaryJson.Write(summary, stream);
        return JsonNode.Parse(stream.ToArray())!;
    }
}
