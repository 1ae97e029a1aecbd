using System.Globalization;
using System.Text.Json.Nodes;
using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Tuning;
using Foretoken.Tests.Metrics;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Results;
using Xunit;

namespace Foretoken.Tests.Reports.Tuning;

/// <summary>
/// The page of a study in a real browser with the network off. With <c>FORETOKEN_SCREENSHOTS</c> naming a folder, the pages
/// and pictures stay there to be looked at.
/// </summary>
public sealed class TuningPageTests(Chromium.Shared shared) : IClassFixture<Chromium.Shared>
{
    private const string Settled = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))";

    // Charts that are shown; each may use several canvases on top of each other.
    private const string EmptyCharts = """
        [...document.querySelectorAll('.chart')].filter(c => c.offsetParent).filter(chart => ![...chart.querySelectorAll('canvas')].filter(c => c.width && c.height).some(c => {
          const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          let ink = 0;
          for (let i = 3; i < pixels.length; i += 4) { if (pixels[i] > 0) ink++; }
          return ink > 50;
        })).map(c => c.id).join(' ')
        """;

    [Theory]
    [InlineData(10_000, true, 1280, false)]
    [InlineData(10_000, true, 390, true)]
    [InlineData(300, true, 1280, true)]
    [InlineData(300, true, 390, false)]
    [InlineData(300, false, 1280, false)]
    [InlineData(1, false, 390, true)]
    [InlineData(0, true, 1280, false)]
    public async Task Open_AnyStudyAndView_DrawsEverythingWithoutComplaint(int candidates, bool kept, int width, bool dark)
    {
        var browser = shared.Browser;
        using var folder = new TemporaryFolder();
        var result = FakeStudy.Make(candidates, kept);
        var name = string.Create(CultureInfo.InvariantCulture, $"tune-{candidates}-{(kept ? "kept" : "missed")}");
        var path = await Open(result, Timelines(result), name, folder, width, dark);
        Assert.InRange(new FileInfo(path).Length, 100_000, 5_000_000);
        await Keep(string.Create(CultureInfo.InvariantCulture, $"{name}-{width}-{(dark ? "dark" : "light")}.png"));

        Assert.Equal(dark ? "dark" : "light", await Text("document.documentElement.dataset.theme"));
        Assert.Equal(result.Name, await Text("document.getElementById('title').textContent"));
        Assert.Equal("", candidates == 0 ? "" : await Text(EmptyCharts));
        Assert.True(await Is("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "the page scrolls sideways");
        Assert.Equal(result.Recommendation is { MeetsSlo: true } ? "met" : "missed", await Text("document.getElementById('advice').className"));
        Assert.Equal(Math.Min(50, result.Candidates.Count(c => c.State == CandidateState.Finished)), await Number("document.querySelectorAll('#candidate-table tbody tr').length"));
        Assert.Equal(result.Shortlist.Count > 0, await Is("document.getElementById('over-time') !== null"));
        await browser.EvaluateAsync("document.getElementById('theme').click()");
        await browser.EvaluateAsync("document.querySelectorAll('#filter-slo button, #lines-choice button, #timeline-choice button').forEach(b => b.click())");
        await browser.EvaluateAsync(Settled);
        Assert.Equal("", candidates == 0 ? "" : await Text(EmptyCharts));
        Assert.Equal($"{result.Candidates.Count:N0} of {result.Candidates.Count:N0} candidates shown", await Text("document.getElementById('filter-count').textContent"));
        Assert.True(browser.Complaints.Count == 0, string.Join("\n", browser.Complaints));
    }

    [Fact]
    public async Task Filter_SloAndSettings_ShowsExactlyThose()
    {
        var result = FakeStudy.Make(3000);
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-filter", folder, 1280, dark: false);
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=slo]').click()");
        var keeping = result.Candidates.Where(c => c.State == CandidateState.Finished && c.Violation == 0).ToList();
        Assert.Equal($"{keeping.Count:N0} of 3,000 candidates shown", await Text("document.getElementById('filter-count').textContent"));
        await Press("engine.type", "sglang");
        await Press("engine.type", "vllm");
        await Press("prefill.replicas", "does not apply");
        var shown = keeping.Where(c => c.Knobs.Any(k => k.Key == "engine.type" && k.Value is "sglang" or "vllm") && c.Knobs.All(k => k.Key != "prefill.replicas")).ToList();
        Assert.InRange(shown.Count, 1, keeping.Count - 1);
        Assert.Equal($"{shown.Count:N0} of 3,000 candidates shown", await Text("document.getElementById('filter-count').textContent"));
        Assert.Equal("Filter by settings (2 in use)", await Text("document.querySelector('#filter-knobs summary').textContent"));
        await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#candidate-table thead button')].find(b => b.textContent.startsWith('p95 TTFT')).click()");
        Assert.Equal(shown.MinBy(c => c.Constraints[0].Value)!.Number, await Number("+document.querySelector('#candidate-table tbody th').textContent"));
        Assert.Empty(shared.Browser.Complaints);
        await Keep("tune-filtered.png");

        async Task Press(string knob, string value) =>
            await shared.Browser.EvaluateAsync($"[...document.querySelectorAll('[data-knob=\"{knob}\"]')].find(b => b.textContent === '{value}').click()");
    }

    [Fact]
    public async Task Axes_AnyChoice_RedrawsTheChart()
    {
        var result = FakeStudy.Make(2000);
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-axes", folder, 1280, dark: false);
        await shared.Browser.EvaluateAsync("window.picture = () => [...document.querySelectorAll('#scatter canvas')].map(c => c.toDataURL()).join()");
        var options = (await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#axes select')].map(s => [...s.options].map(o => o.value))"))!.AsArray();
        var seen = new HashSet<string>();
        for (var which = 0; which < options.Count; which++)
        {
            foreach (var value in options[which]!.AsArray())
            {
                await shared.Browser.EvaluateAsync($"(s => {{ s.value = '{value}'; s.dispatchEvent(new Event('change')); }})(document.querySelectorAll('#axes select')[{which}])");
                await shared.Browser.EvaluateAsync(Settled);
                seen.Add(await Text("picture()"));
            }
        }

        // Each choice changes the picture; only going back to one that was there gives it again.
        Assert.InRange(seen.Count, options.Sum(o => o!.AsArray().Count) - 3, int.MaxValue);
        Assert.Empty(shared.Browser.Complaints);
        await Keep("tune-axes.png");
    }

    [Fact]
    public async Task Pick_TwoCandidates_StandsThemSideBySide()
    {
        var result = FakeStudy.Make(500);
        using var folder = new TemporaryFolder();
        await Open(result, Timelines(result), "tune-compare", folder, 1280, dark: false);
        Assert.Equal(result.Shortlist.Take(2).Select(n => n.ToString(CultureInfo.InvariantCulture)), await Heads());
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=all]').click()");
        await shared.Browser.EvaluateAsync("document.querySelectorAll('#candidate-table tbody tr')[3].click(); document.querySelectorAll('#candidate-table tbody tr')[7].click()");
        var picked = (await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#candidate-table tr.picked th')].map(c => c.textContent)"))!.AsArray().Select(n => (string)n!);
        Assert.Equal(picked.Order(StringComparer.Ordinal), (await Heads()).Order(StringComparer.Ordinal));
        await shared.Browser.EvaluateAsync("document.querySelector('#compare-choice [data-key=all]').click()");
        var rows = (await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#compare-table tbody tr')].map(r => r.firstChild.textContent)"))!.AsArray().Select(n => (string)n!).ToList();
        Assert.Superset(result.Dimensions.Select(d => d.Key).Where(d => d != "prefill.replicas").ToHashSet(), rows.ToHashSet());

        // A point of the chart, pressed with the mouse: the recommended one, which is drawn on top.
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=front]').click()");
        await shared.Browser.EvaluateAsync("document.querySelector('#candidate-table tbody tr').click()");
        Assert.Contains(await Text("document.querySelector('#candidate-table tbody th').textContent"), await Heads());
        Assert.Empty(shared.Browser.Complaints);

        async Task<List<string>> Heads() => [.. (await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#compare-table thead th')].slice(1, 3).map(h => h.textContent.slice(1).split(' ')[0])"))!.AsArray().Select(n => (string)n!)];
    }

    [Fact]
    public async Task Open_TextThatIsMarkup_StaysText()
    {
        const string evil = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1><!--";
        var made = FakeStudy.Make(60);
        var result = made with
        {
            Name = evil, Headline = [evil], Notes = [evil], Dimensions = [new(evil, [evil])], Infeasible = [new(evil, 1)],
            Candidates = [.. made.Candidates.Select(c => c with { Title = evil, Knobs = [new(evil, evil)], Why = evil })],
            Recommendation = made.Recommendation! with { Reasons = [evil] },
        };
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-evil", folder, 1280, dark: false);
        await shared.Browser.EvaluateAsync("document.querySelectorAll('#candidate-table tbody tr')[0].click()");
        Assert.Equal(evil, await Text("document.getElementById('title').textContent"));
        Assert.Null(await shared.Browser.EvaluateAsync("window.hit"));
        Assert.Empty(shared.Browser.Complaints);
    }

    [Fact]
    public async Task Open_MoreCandidatesThanFit_HoldsTheBestAndSaysSo()
    {
        var result = FakeStudy.Make(20_000);
        using var folder = new TemporaryFolder();
        var path = await Open(result, null, "tune-many", folder, 1280, dark: false);
        Assert.InRange(new FileInfo(path).Length, 1_000_000, 5_000_000);
        Assert.Contains("of the candidates; all stand in candidates.csv", await Text("document.getElementById('space-note').textContent"), StringComparison.Ordinal);
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=front]').click()");
        Assert.StartsWith($"{result.Candidates.Count(c => c.OnFront)} of ", await Text("document.getElementById('filter-count').textContent"), StringComparison.Ordinal);
        Assert.Empty(shared.Browser.Complaints);
    }

    [Fact]
    public void Write_Folder_HoldsAllThreeFiles()
    {
        using var folder = new TemporaryFolder();
        var result = FakeStudy.Make(20);
        var paths = TuningReport.Write(folder.PathOf("out"), result, Timelines(result));
        Assert.Equal(["candidates.csv", "report.html", "tuning.json"], paths.Select(Path.GetFileName));
        Assert.Equal(paths.Order(StringComparer.Ordinal), Directory.EnumerateFiles(folder.PathOf("out")).Order(StringComparer.Ordinal));
        Assert.Equal(TuningResultJson.Text(result), File.ReadAllText(paths[2]));
    }

    private static Dictionary<int, RunSummary> Timelines(TuningResult result) =>
        result.Shortlist.Take(2).Select((number, i) => (number, i)).ToDictionary(p => p.number, p => SummaryBuilder.Build(FakeRun.Traffic(2000, 4, 1800 + p.i), SummaryBuilderTests.Context(null)));

    private async Task<string> Open(TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries, string name, TemporaryFolder folder, int width, bool dark)
    {
        var kept = Environment.GetEnvironmentVariable("FORETOKEN_SCREENSHOTS") is { Length: > 0 } named ? named : folder.Path;
        Directory.CreateDirectory(kept);
        var path = Path.Combine(kept, name + ".html");
        await using (var file = File.Create(path))
        {
            TuningPage.Write(result, summaries, file);
        }

        await shared.Browser.SetViewAsync(width, 900, dark);
        await shared.Browser.OpenAsync(path);
        await shared.Browser.WaitForAsync("document.documentElement.dataset.ready === 'true'");
        await shared.Browser.EvaluateAsync(Settled);
        return path;
    }

    private async Task Keep(string name)
    {
        if (Environment.GetEnvironmentVariable("FORETOKEN_SCREENSHOTS") is { Length: > 0 } kept)
        {
            await shared.Browser.ScreenshotAsync(Path.Combine(kept, name));
        }
    }

    private async Task<JsonNode?> Value(string expression) => await shared.Browser.EvaluateAsync(expression);

    private async Task<string> Text(string expression) => (await Value(expression))!.GetValue<string>();

    private async Task<int> Number(string expression) => (await Value(expression))!.GetValue<int>();

    private async Task<bool> Is(string expression) => (await Value(expression))!.GetValue<bool>();
}
