using System.Globalization;
using Foretoken.Metrics;
using Foretoken.Reports.Tuning;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Objectives;
using Foretoken.Tuning.Results;
using Xunit;

namespace Foretoken.Tests.Reports.Tuning;

public sealed class TuningTerminalTests
{
    [Theory]
    [InlineData(140)]
    [InlineData(100)]
    [InlineData(60)]
    public void Render_Study_LooksAsAccepted(int width) => Snapshot.Match($"tune-{width}.txt", Render(FakeStudy.Make(2000), width));

    [Fact]
    public void Render_NothingKeepsTheSlo_LooksAsAccepted() => Snapshot.Match("tune-missed.txt", Render(FakeStudy.Make(400, kept: false), 100));

    [Fact]
    public void Render_NoCandidates_LooksAsAccepted() => Snapshot.Match("tune-none.txt", Render(FakeStudy.Make(0), 80));

    [Fact]
    public void Render_AnyWidth_NeverWritesALongerLine()
    {
        var long1 = FakeStudy.Make(50) with { Name = new string('n', 300), Headline = [new string('h', 300)], Notes = [new string('o', 300)] };
        var one = FakeStudy.Make(40);
        foreach (var result in new[] { FakeStudy.Make(500), FakeStudy.Make(100, kept: false), FakeStudy.Make(0), long1, one with { Objectives = [one.Objectives[0]], Sensitivities = [] } })
        {
            for (var width = TuningTerminal.WidthMin; width <= 180; width += 7)
            {
                Assert.All(Render(result, width).Split('\n'), line => Assert.True(line.Length <= width, $"{line.Length} > {width}: {line}"));
            }
        }
    }

    [Fact]
    public void Render_Plain_HasNoControlCharacters()
    {
        var made = FakeStudy.Make(30);
        var evil = made with { Name = "a\u001b[31mb\r", Candidates = [.. made.Candidates.Select(c => c with { Title = c.Title + "\u0007" })], Notes = ["\u001b]0;x"] };
        Assert.DoesNotContain(Render(evil, 100), c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public void Render_CapacityAndOneObjective_ShowsTheLoad()
    {
        var made = FakeStudy.Make(30);
        var result = made with
        {
            Objectives = [new Objective(new Measure(MetricCatalogue.RequestThroughput), true)],
            Candidates = [.. made.Candidates.Select(c => c with { Objectives = [c.Objectives[0]], Capacity = new Interval(4.2, 4.0, 4.5) })],
            Sensitivities = [],
        };
        Assert.Matches(@"Highest load that keeps the SLO +4\.20 requests/s  4\.00 to 4\.50\n", Render(result, 100));
    }

    [Fact]
    public void Render_FrontWithTheSameResultTwice_ShowsItOnce()
    {
        var made = FakeStudy.Make(60);
        var first = made.Candidates.First(c => c.OnFront && c.Number != made.Recommendation!.Candidate);
        var result = made with { Candidates = [.. made.Candidates, first with { Number = 9876 }] };
        var front = made.Candidates.Count(c => c.OnFront);
        var text = Render(result, 140);
        Assert.Contains($"Front: {front + 1} candidates, {front} of them with different results", text, StringComparison.Ordinal);
        Assert.DoesNotContain("9876", text, StringComparison.Ordinal);
    }

    internal static string Render(TuningResult result, int width)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        TuningTerminal.Render(result, text, width, colour: false);
        return text.ToString();
    }
}
