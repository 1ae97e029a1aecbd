using Foretoken.Tests.Metrics;
using System.Globalization;
using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Terminal;
using Foretoken.Tests.Support;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Reports;

public sealed class TerminalReportTests
{
    [Theory]
    [InlineData(120)]
    [InlineData(80)]
    [InlineData(60)]
    public void Render_SmallRun_LooksAsAccepted(int width) =>
        Snapshot.Match($"terminal-{width}.txt", Render(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo)), width));

    [Fact]
    public void Render_InterruptedHour_LooksAsAccepted() =>
        Snapshot.Match("terminal-partial.txt", Render(SummaryBuilder.Build(FakeRun.Traffic(1500, 12, 900, stopAtSeconds: 600), SummaryBuilderTests.Context()), 100));

    [Fact]
    public void Render_NoRequests_LooksAsAccepted() =>
        Snapshot.Match("terminal-empty.txt", Render(SummaryBuilder.Build(FakeRun.Empty(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo)), 80));

    [Fact]
    public void Render_AnyWidth_NeverWritesALongerLine()
    {
        RunSummary[] summaries =
        [
            SummaryBuilder.Build(FakeRun.Small(StopReason.Interrupted), SummaryBuilderTests.Context(SummaryBuilderTests.Slo)),
            SummaryBuilder.Build(FakeRun.Empty(), SummaryBuilderTests.Context()),
            SummaryBuilder.Build(FakeRun.Traffic(500, 20, 100), SummaryBuilderTests.Context(SummaryBuilderTests.Slo) with { ScenarioName = new string('n', 300) }),
        ];
        foreach (var summary in summaries)
        {
            for (var width = TerminalReport.WidthMin; width <= 180; width += 3)
            {
                Assert.All(Render(summary, width).Split('\n'), line => Assert.True(line.Length <= width, $"{line.Length} > {width}: {line}"));
            }
        }
    }

    [Fact]
    public void Render_Small_ShowsEveryNumberThatItNames()
    {
        var text = Render(SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context(SummaryBuilderTests.Slo)), 120);
        Assert.Matches(@"Time to first token +ms +200\.0 +100\.0 +300\.0 +297\.0 +285\.0 +270\.0 +225\.0 +200\.0 +70\.7", text);
        Assert.Contains("SLO missed", text, StringComparison.Ordinal);
        Assert.Contains("2 of 2 minutes bad: 0-1", text, StringComparison.Ordinal);
        Assert.Contains("4 of 6", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Plain_HasNoControlCharacters()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small(), SummaryBuilderTests.Context() with { ScenarioName = "evil\u001b[31m\rname" });
        Assert.DoesNotContain(Render(summary, 100), c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain(Render(summary, 100), c => c > '~');
    }

    [Fact]
    public void Render_Colour_AddsMarksOnlyAroundTheSameText()
    {
        var summary = SummaryBuilder.Build(FakeRun.Small(StopReason.Interrupted), SummaryBuilderTests.Context(SummaryBuilderTests.Slo));
        var colour = new StringWriter(CultureInfo.InvariantCulture);
        TerminalReport.Render(summary, colour, 100, colour: true);
        Assert.Contains("\u001b[1;31m", colour.ToString(), StringComparison.Ordinal);
        Assert.Equal(Render(summary, 100), System.Text.RegularExpressions.Regex.Replace(colour.ToString(), "\u001b\\[[0-9;]*m", ""));
    }

    private static string Render(RunSummary summary, int width)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        TerminalReport.Render(summary, text, width, colour: false);
        return text.ToString();
    }
}
