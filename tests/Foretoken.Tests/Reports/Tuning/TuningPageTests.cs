using System.Globalization;
using System.Text.Json.Nodes;
using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Tuning;
using Foretoken.Tests.Metrics;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Portfolio;
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

        // Fewer rows: the first of them is another candidate.
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=front]').click()");
        await shared.Browser.EvaluateAsync("document.querySelector('#candidate-table tbody tr').click()");
        Assert.Contains(await Text("document.querySelector('#candidate-table tbody th').textContent"), await Heads());
        Assert.Empty(shared.Browser.Complaints);

        async Task<List<string>> Heads() => [.. (await shared.Browser.EvaluateAsync("[...document.querySelectorAll('#compare-table thead th')].slice(1, 3).map(h => h.textContent.slice(1).split(' ')[0])"))!.AsArray().Select(n => (string)n!)];
    }

    [Theory]
    [InlineData(1280, false)]
    [InlineData(390, true)]
    public async Task Click_PointOfTheChart_ShowsThatCandidatesDetails(int width, bool dark)
    {
        var result = FakeStudy.Make(500);
        var front = result.Candidates.Where(c => c.OnFront).OrderBy(c => c.Objectives[0].Value).ToList();
        Assert.InRange(front.Count, 3, 300);
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-click", folder, width, dark);
        await shared.Browser.EvaluateAsync("document.querySelector('#filter-slo [data-key=front]').click(); document.querySelector('#compare-choice [data-key=all]').click()");

        // Across is the price: the point furthest to the right is the dearest one of the front. It is found by its colour alone.
        var (x, y) = await Point("xs.indexOf(Math.max(...xs))", -3);
        await shared.Browser.ClickAsync(x, y);
        await Stands(front[^1], 1);
        (x, y) = await Point("xs.indexOf(Math.min(...xs))", 3);
        await shared.Browser.ClickAsync(x, y);
        await Stands(front[0], 1);
        await Stands(front[^1], 0);

        // Once more takes it away; a place without a point changes nothing.
        (x, y) = await Point("xs.indexOf(Math.min(...xs))", 3);
        await shared.Browser.ClickAsync(x, y);
        await Stands(front[^1], 0);
        Assert.Equal(2, await Number("document.querySelectorAll('#compare-table thead th').length"));
        await shared.Browser.ClickAsync(x - 12, y);
        Assert.Equal(2, await Number("document.querySelectorAll('#compare-table thead th').length"));
        Assert.Empty(shared.Browser.Complaints);

        async Task<(double X, double Y)> Point(string which, int inwards)
        {
            // A point under the mouse looks different.
            await shared.Browser.MoveAsync(1, 1);
            await shared.Browser.EvaluateAsync("document.getElementById('scatter').scrollIntoView({ block: 'center' })");
            await shared.Browser.EvaluateAsync(Settled);
            var found = (await shared.Browser.EvaluateAsync($$"""
                (() => {
                  const canvas = document.querySelector('#scatter canvas');
                  const box = canvas.getBoundingClientRect();
                  const wanted = getComputedStyle(document.documentElement).getPropertyValue('--third').trim().match(/[0-9a-f]{2}/gi).map(h => parseInt(h, 16));
                  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                  const xs = [], ys = [];
                  for (let i = 0; i < pixels.length; i += 4) {
                    if (pixels[i + 3] > 200 && wanted.every((c, k) => Math.abs(pixels[i + k] - c) < 4)) {
                      xs.push((i / 4) % canvas.width);
                      ys.push(Math.floor(i / 4 / canvas.width));
                    }
                  }
                  const at = {{which}};
                  const column = ys.filter((_, i) => xs[i] === xs[at]);
                  const scale = box.width / canvas.width;
                  return [box.x + (xs[at] + 0.5) * scale + {{inwards}}, box.y + (column.reduce((a, b) => a + b, 0) / column.length + 0.5) * scale];
                })()
                """))!.AsArray();
            return (found[0]!.GetValue<double>(), found[1]!.GetValue<double>());
        }

        async Task Stands(CandidateResult candidate, int place)
        {
            Assert.Equal("AB"[place] + $"{candidate.Number} · {candidate.Title}", await Text($"document.querySelectorAll('#compare-table thead th')[{place + 1}].textContent"));
            var shown = (await shared.Browser.EvaluateAsync($"[...document.querySelectorAll('#compare-table tbody tr')].map(r => [r.children[0].textContent, r.children[{place + 1}].textContent])"))!.AsArray()
                .Select(r => ((string)r![0]!, (string)r[1]!)).ToList();
            Assert.All(candidate.Knobs, knob => Assert.Contains(shown, s => knob.Key.EndsWith(s.Item1, StringComparison.Ordinal) && s.Item2 == knob.Value));
            Assert.Contains(shown, s => s.Item2 == $"finished, {candidate.Runs} runs");
            Assert.StartsWith("$" + candidate.Objectives[0].Value.ToString("F3", CultureInfo.InvariantCulture)[..4], shown[0].Item2, StringComparison.Ordinal);
            Assert.Contains($"{candidate.Number}: {candidate.Why}", await Text("document.getElementById('compare-why').textContent"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(4, true, 1280, false)]
    [InlineData(2, false, 390, true)]
    [InlineData(1, true, 1280, true)]
    public async Task Open_WithPortfolio_ShowsIt(int classes, bool priced, int width, bool dark)
    {
        var result = FakeStudy.Make(100);
        var portfolio = FakePortfolio.Make(result, classes, priced);
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-portfolio", folder, width, dark, portfolio);
        await Keep(string.Create(CultureInfo.InvariantCulture, $"tune-portfolio-{classes}-{width}.png"));

        Assert.Equal(PortfolioText.Sentences(portfolio), (await Texts("#portfolio-said li")).Select(Spaced));
        Assert.Equal(portfolio.Classes.Select(c => c.Name), await Texts("#portfolio-table tbody th"));
        if (classes > 1)
        {
            Assert.Equal(classes, (await Texts("#portfolio-switching li")).Count);
            Assert.Equal(1 + classes, (await Texts("#portfolio-sides .side-part")).Count);
            Assert.StartsWith(priced ? "$47.84 an hour" : "16 GPUs", (await Texts("#portfolio-sides .side-part"))[0], StringComparison.Ordinal);
        }

        Assert.True(await Is("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "the page scrolls sideways");
        Assert.Empty(shared.Browser.Complaints);

        async Task<List<string>> Texts(string nodes) => [.. (await shared.Browser.EvaluateAsync($"[...document.querySelectorAll('{nodes}')].map(n => n.textContent)"))!.AsArray().Select(n => (string)n!)];
        static string Spaced(string text) => text.Replace('\u00a0', ' ');
    }

    [Fact]
    public async Task Open_WithoutPortfolio_HasNoPlaceForIt()
    {
        using var folder = new TemporaryFolder();
        await Open(FakeStudy.Make(30), null, "tune-no-portfolio", folder, 1280, dark: false);
        Assert.True(await Is("document.getElementById('portfolio') === null"));
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
        var portfolio = FakePortfolio.Make(result, 2);
        portfolio = portfolio with { Classes = [.. portfolio.Classes.Select(c => c with { Name = evil })], Shared = portfolio.Shared! with { Title = evil }, Deployments = [.. portfolio.Deployments.Select(d => d with { Class = d.Class with { Name = evil } })] };
        using var folder = new TemporaryFolder();
        await Open(result, null, "tune-evil", folder, 1280, dark: false, portfolio);
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

    private async Task<string> Open(TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries, string name, TemporaryFolder folder, int width, bool dark, PortfolioResult? portfolio = null)
    {
        var kept = Environment.GetEnvironmentVariable("FORETOKEN_SCREENSHOTS") is { Length: > 0 } named ? named : folder.Path;
        Directory.CreateDirectory(kept);
        var path = Path.Combine(kept, name + ".html");
        await using (var file = File.Create(path))
        {
            TuningPage.Write(result, summaries, portfolio, file);
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
