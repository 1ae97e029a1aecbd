using Foretoken.Tests.Metrics;
using System.Collections.Concurrent;
using System.Globalization;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Reports.Html;
using Foretoken.Metrics.Slo;
using Foretoken.Metrics.Summaries;
using Foretoken.Tests.Support;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Reports;

/// <summary>
/// The report in a real browser with the network off. With <c>FORETOKEN_SCREENSHOTS</c> naming a folder, the pages and
/// pictures stay there to be looked at.
/// </summary>
public sealed class BrowserTests(Chromium.Shared shared) : IClassFixture<Chromium.Shared>
{
    private const string Charts = "[...document.querySelectorAll('.chart, #lane-canvas')].filter(c => c.offsetParent && (c.matches('canvas') || c.querySelector('canvas')))";

    // A chart may use several canvases on top of each other.
    private const string ChartsHaveInk = Charts + """
        .every(chart => [chart, ...chart.querySelectorAll('canvas')].filter(c => c.matches('canvas') && c.width && c.height).some(c => {
          const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          let ink = 0;
          for (let i = 3; i < pixels.length; i += 4) { if (pixels[i] > 0) ink++; }
          return ink > 50;
        }))
        """;

    private static readonly ConcurrentDictionary<string, (RunResult Result, SloSpec? Slo)> Runs = new();

    private static readonly SloSpec Slo = new()
    {
        Targets =
        [
            new SloTarget { Metric = "time_to_first_token", Percentile = 95, Bound = 2000 },
            new SloTarget { Metric = "output_token_throughput_per_user", Percentile = 5, Bound = 40 },
        ],
    };

    [Theory]
    [InlineData("hour", 1280, false)]
    [InlineData("hour", 1280, true)]
    [InlineData("hour", 390, false)]
    [InlineData("hour", 390, true)]
    [InlineData("none", 1280, false)]
    [InlineData("one", 1280, false)]
    [InlineData("one", 390, true)]
    [InlineData("rejected", 1280, false)]
    [InlineData("thousand", 1280, false)]
    [InlineData("interrupted", 1280, true)]
    [InlineData("interrupted", 390, false)]
    public async Task Open_AnyRunAndView_DrawsEverythingWithoutComplaint(string run, int width, bool dark)
    {
        var browser = shared.Browser;
        using var folder = new TemporaryFolder();
        var kept = Environment.GetEnvironmentVariable("FORETOKEN_SCREENSHOTS") is { Length: > 0 } named ? named : folder.Path;
        Directory.CreateDirectory(kept);
        var path = Path.Combine(kept, run + ".html");
        var summary = Write(run, path);
        Assert.InRange(new FileInfo(path).Length, 100_000, 3_000_000);

        await browser.SetViewAsync(width, 900, dark);
        await browser.OpenAsync(path);
        await browser.WaitForAsync("document.documentElement.dataset.ready === 'true'");
        await browser.EvaluateAsync("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
        await browser.ScreenshotAsync(Path.Combine(kept, string.Create(CultureInfo.InvariantCulture, $"{run}-{width}-{(dark ? "dark" : "light")}.png")));

        var charts = (await browser.EvaluateAsync(Charts + ".length"))!.GetValue<int>();
        var histograms = summary.Distributions.Count(d => d.Values.Maximum > 0 && d.Metric.Tag is "time_to_first_token" or "request_latency" or "queue_time" or "inter_token_latency" or "inter_token_gap" or "output_token_throughput_per_user");
        var routing = summary.Requests.Answered > 0 && summary.Replicas.Count > 1 ? 1 : 0;
        Assert.Equal((summary.Requests.Total > 0 ? 2 : 0) + (summary.Requests.Answered > 0 ? 1 : 0) + routing + histograms, charts);
        Assert.True((await browser.EvaluateAsync(ChartsHaveInk))!.GetValue<bool>(), "a chart is empty");
        Assert.Equal(dark ? "dark" : "light", (await browser.EvaluateAsync("document.documentElement.dataset.theme"))!.GetValue<string>());
        Assert.True((await browser.EvaluateAsync("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))!.GetValue<bool>(), "the page scrolls sideways");
        Assert.Equal(summary.ScenarioName, (await browser.EvaluateAsync("document.getElementById('title').textContent"))!.GetValue<string>());
        Assert.Equal(string.Concat(summary.Headline), (await browser.EvaluateAsync("document.getElementById('headline')?.textContent ?? ''"))!.GetValue<string>());
        Assert.True((await browser.EvaluateAsync($"[...document.querySelectorAll('#fact-table tr')].filter(r => r.textContent.startsWith('Note')).length === {summary.Notes.Count}"))!.GetValue<bool>(), "a note is missing");
        Assert.Equal(summary.Partial, (await browser.EvaluateAsync("document.querySelector('.banner[role=alert]') !== null"))!.GetValue<bool>());
        Assert.Equal(summary.Classes.Count, (await browser.EvaluateAsync("document.querySelectorAll('#class-table tbody tr').length"))!.GetValue<int>());
        Assert.Equal(run == "interrupted" ? 3 : 0, summary.Classes.Count);
        Assert.Equal(summary.Replicas.Count, (await browser.EvaluateAsync("document.querySelectorAll('#replica-table tbody tr').length"))!.GetValue<int>());

        // The other colours, the other lanes, the other points.
        await browser.EvaluateAsync("document.getElementById('theme').click()");
        Assert.Equal(dark ? "light" : "dark", (await browser.EvaluateAsync("document.documentElement.dataset.theme"))!.GetValue<string>());
        await browser.EvaluateAsync("document.querySelectorAll('.choice button').forEach(b => b.click())");
        await browser.EvaluateAsync("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
        Assert.True((await browser.EvaluateAsync(ChartsHaveInk))!.GetValue<bool>(), "a chart is empty after switching");
        Assert.True(browser.Complaints.Count == 0, string.Join("\n", browser.Complaints));
    }

    [Fact]
    public async Task Zoom_DraggedHandle_MovesChartsAndLanes()
    {
        var browser = shared.Browser;
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("report.html");
        Write("hour", path);
        await browser.SetViewAsync(1280, 900, dark: false);
        await browser.OpenAsync(path);
        await browser.WaitForAsync("document.documentElement.dataset.ready === 'true'");
        await browser.EvaluateAsync("document.getElementById('timeline').scrollIntoView({ block: 'end' })");
        await browser.EvaluateAsync("window.chart = () => document.querySelector('#timeline canvas').toDataURL(); window.lanes = () => document.getElementById('lane-canvas').toDataURL()");
        await browser.EvaluateAsync("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
        await browser.EvaluateAsync("window.before = [chart(), lanes()]; 0");
        var box = (await browser.EvaluateAsync("(b => [b.left, b.bottom, b.width])(document.getElementById('timeline').getBoundingClientRect())"))!.AsArray();
        var y = box[1]!.GetValue<double>() - 18;
        var left = box[0]!.GetValue<double>() + 66;
        await browser.DragAsync(left, y, left + box[2]!.GetValue<double>() / 2, y);
        await browser.WaitForAsync("chart() !== before[0] && lanes() !== before[1]");
        if (Environment.GetEnvironmentVariable("FORETOKEN_SCREENSHOTS") is { Length: > 0 } kept)
        {
            await browser.ScreenshotAsync(Path.Combine(kept, "zoomed.png"));
        }

        Assert.True(browser.Complaints.Count == 0, string.Join("\n", browser.Complaints));
    }

    [Fact]
    public async Task Open_NameThatIsMarkup_StaysText()
    {
        var browser = shared.Browser;
        using var folder = new TemporaryFolder();
        const string evil = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1><!--";
        var context = SummaryBuilderTests.Context(Slo) with { ScenarioName = evil, ScenarioPath = evil, Settings = [new(evil, evil)] };
        var result = FakeRun.Small();
        var path = folder.PathOf("report.html");
        HtmlReport.WriteFile(SummaryBuilder.Build(result, context), result, path);
        await browser.SetViewAsync(1280, 900, dark: false);
        await browser.OpenAsync(path);
        await browser.WaitForAsync("document.documentElement.dataset.ready === 'true'");
        Assert.Equal(evil, (await browser.EvaluateAsync("document.getElementById('title').textContent"))!.GetValue<string>());
        Assert.Equal(evil + ": Foretoken run report", (await browser.EvaluateAsync("document.title"))!.GetValue<string>());
        Assert.Null(await browser.EvaluateAsync("window.hit"));
        Assert.Empty(browser.Complaints);
    }

    private static RunSummary Write(string run, string path)
    {
        var (result, slo) = Runs.GetOrAdd(run, Make);
        var settings = Enumerable.Range(0, 30).Select(i => new KeyValuePair<string, string>($"engine.setting_{i}", $"value {i}")).ToArray();
        var context = SummaryBuilderTests.Context(slo) with { ScenarioName = run == "thousand" ? "a thousand replicas, ten minutes" : "chat-8xvllm", ScenarioPath = "examples/chat-8xvllm.yaml", GpusPerReplica = 1, Settings = settings };
        var summary = SummaryBuilder.Build(result, context);
        HtmlReport.WriteFile(summary, result, path);
        return summary;
    }

    private static (RunResult Result, SloSpec? Slo) Make(string run) => run switch
    {
        "hour" => (FakeRun.Traffic(12_031, 8, 3540), Slo),
        "none" => (FakeRun.Empty(), Slo),
        "one" => (FakeRun.Traffic(1, 1, 1), null),
        "rejected" => (AllRejected(), Slo),
        "thousand" => (FakeRun.Traffic(20_000, 1000, 600, meanOutput: 120), null),
        "interrupted" => (FakeRun.Traffic(12_031, 24, 3540, stopAtSeconds: 2210, classes: ["acme", "<b>beta</b> with a name that is far too long for any phone"]), Slo with { Targets = [.. Slo.Targets, new SloTarget { Metric = "inter_token_latency", Percentile = 99, Bound = 50, Class = "acme" }] }),
        _ => throw new ArgumentOutOfRangeException(nameof(run)),
    };

    private static RunResult AllRejected()
    {
        var table = new RequestTable();
        for (var i = 0; i < 20; i++)
        {
            table.Issue(i, SimTime.FromSeconds(i), 100_000, 0);
            table.Finish(new RequestRecord { Index = i, Scheduled = SimTime.Never, FirstToken = SimTime.Never, SecondToken = SimTime.Never, LastToken = SimTime.Never, Outcome = RequestOutcome.Rejected });
        }

        return FakeRun.Empty() with { Requests = table, End = SimTime.FromSeconds(19) };
    }
}
