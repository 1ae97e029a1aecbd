using System.Text;
using System.Text.Json.Nodes;
using Foretoken.Engines.Replicas;
using Foretoken.Metrics;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Quantities;
using Foretoken.Reports.Json;
using Foretoken.Reports.Requests;
using Foretoken.Reports.Terminal;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Metrics;

/// <summary>A run told by workload class: two classes, one request without, one that fails.</summary>
public sealed class ClassSummaryTests
{
    private static readonly SloSpec Slo = new()
    {
        Targets =
        [
            new SloTarget { Metric = "time_to_first_token", Percentile = 50, Bound = 150 },
            new SloTarget { Metric = "time_to_first_token", Percentile = 95, Bound = 1000, Class = "slow" },
            new SloTarget { Metric = "time_to_first_token", Percentile = 95, Bound = 100, Class = "fast" },
            new SloTarget { Metric = "request_latency", Bound = 5000, Class = "fast" },
        ],
        FailedFractionMax = 0.5,
    };

    [Fact]
    public void Build_Classes_EachOverItsOwnRequests()
    {
        var summary = SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(Slo));
        Assert.Equal(["fast", "slow", null], summary.Classes.Select(c => c.Name));
        Assert.Equal([3, 2, 1], summary.Classes.Select(c => c.Requests));
        Assert.Equal([3, 1, 1], summary.Classes.Select(c => c.Answered));
        Assert.Equal(60, summary.Classes[0].DistributionOf(MetricCatalogue.TimeToFirstToken)!.Mean, 9);
        Assert.Equal(900, summary.Classes[1].DistributionOf(MetricCatalogue.TimeToFirstToken)!.At(50), 9);
        Assert.Equal(summary.Requests.Answered, summary.Classes.Sum(c => c.DistributionOf(MetricCatalogue.TimeToFirstToken)!.Count));
        Assert.Empty(SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(Slo) with { ByClass = false }).Classes);
        Assert.Empty(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(Slo with { Targets = [] })).Classes);
    }

    [Fact]
    public void Build_SloOfAClass_IsJudgedOverItsRequests_AndItsBoundsReplaceTheGeneralOnesForGoodput()
    {
        var slo = SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(Slo)).Slo!;
        Assert.Equal([80, 900, 78, 260], slo.Targets.Select(t => Math.Round(t.Value, 9)));
        Assert.Equal(SloVerdict.Met, slo.Verdict);

        // General 150 ms; 1,000 ms for the slow ones, 100 ms for the fast: the slow answer is good, the one without a class is held to 150.
        var summary = SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(Slo));
        Assert.Equal([3, 1, 0], summary.Classes.Select(c => c.Good!.Value));
        Assert.Equal(4, summary.ValueOf(MetricCatalogue.GoodRequestCount));
        Assert.Equal(0, summary.ValueOf(MetricCatalogue.BadMinutes));

        var strict = Slo with { Targets = [.. Slo.Targets.Select(t => t.Class == "slow" ? t with { Bound = 899 } : t)] };
        var missed = SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(strict));
        Assert.Equal(SloVerdict.Missed, missed.Slo!.Verdict);
        Assert.Equal("slow", Assert.Single(missed.Slo.Targets, t => t.Verdict == SloVerdict.Missed).Class);
        Assert.Equal([0], missed.Slo.BadMinutes);
        Assert.Equal([3, 0, 0], missed.Classes.Select(c => c.Good!.Value));
    }

    [Fact]
    public void Build_SloOfAClassWithoutRequests_IsUndecided()
    {
        var slo = Slo with { Targets = [new SloTarget { Metric = "time_to_first_token", Percentile = 95, Bound = 100, Class = "nobody" }] };
        Assert.Equal(SloVerdict.Undecided, SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(slo)).Slo!.Verdict);
        var wrong = Slo with { Targets = [new SloTarget { Metric = "gpu_hours", Bound = 1, Class = "fast" }] };
        Assert.Contains("not told by class", Assert.Throws<InputException>(() => SummaryBuilder.Build(Run(), SummaryBuilderTests.Context(wrong))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reports_Classes_StandInEveryOutput()
    {
        var run = Run() with { Classes = ["fast", "slow, \"odd\"\u001b"] };
        var summary = SummaryBuilder.Build(run, SummaryBuilderTests.Context(Slo with { Targets = [.. Slo.Targets.Where(t => t.Class != "slow")] }));
        var terminal = new StringWriter();
        TerminalReport.Render(summary, terminal, 110, colour: false);
        Assert.Contains("of fast", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("slow, \"odd\"?", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("(no class)", terminal.ToString(), StringComparison.Ordinal);
        using var stream = new MemoryStream();
        SummaryJson.Write(summary, stream);
        var classes = JsonNode.Parse(stream.ToArray())!["classes"]!.AsArray();
        Assert.Equal(3, classes.Count);
        Assert.Equal(60, classes[0]!["metrics"]!["time_to_first_token"]!["avg"]!.GetValue<double>(), 9);
        Assert.Null(classes[2]!["name"]);
        using var csv = new MemoryStream();
        RequestFiles.WriteCsv(run, csv);
        var lines = Encoding.UTF8.GetString(csv.ToArray()).Split('\n');
        Assert.EndsWith(",fast", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",\"slow, \"\"odd\"\"\u001b\"", lines[4], StringComparison.Ordinal);
        Assert.EndsWith(",", lines[6], StringComparison.Ordinal);
        using var jsonl = new MemoryStream();
        RequestFiles.WriteJsonLines(run, jsonl);
        Assert.Equal(["fast", "fast", "fast", "slow, \"odd\"\u001b", "slow, \"odd\"\u001b", null], Encoding.UTF8.GetString(jsonl.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!["class"]?.GetValue<string>()));
    }

    // Three fast requests (time to first token 40, 60, 80 ms), a slow one (900) and one that was rejected, one without a class (200).
    private static RunResult Run()
    {
        var table = new RequestTable();
        (int Class, long First, bool Answered)[] rows = [(1, 40, true), (1, 60, true), (1, 80, true), (2, 900, true), (2, 0, false), (0, 200, true)];
        for (var i = 0; i < rows.Length; i++)
        {
            var at = i * 1_000_000L;
            table.Issue(i, new SimTime(at), 100, 0, rows[i].Class);
            var record = RequestRecord.New(i);
            record.Outcome = rows[i].Answered ? RequestOutcome.Completed : RequestOutcome.Rejected;
            if (rows[i].Answered)
            {
                record.Scheduled = new SimTime(at);
                record.FirstToken = new SimTime(at + (rows[i].First * 1_000_000));
                record.LastToken = new SimTime(at + ((rows[i].First + 200) * 1_000_000));
                record.OutputTokens = 11;
            }

            table.Finish(record);
        }

        return FakeRun.Small() with { Requests = table, Classes = ["fast", "slow"] };
    }
}
