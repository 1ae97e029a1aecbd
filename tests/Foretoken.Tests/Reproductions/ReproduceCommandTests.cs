using System.Text.Json.Nodes;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Reproductions;

/// <summary><c>foretoken reproduce</c> as a process.</summary>
public sealed class ReproduceCommandTests
{
    // Steps of 10 ms with prompt tokens, 2 ms without: one client's request of 10 tokens takes 10 + 9 x 2 = 28 ms, and two
    // clients on two slots do not meet.
    private const string Scenario = """
        workload: {requests: 20, input_tokens: 100, output_tokens: 10, closed_loop: {concurrency: 1}}
        engine: {max_num_seqs: 4, num_gpu_blocks: 1000, async_scheduling: false}
        step_time: {source: fixed, prefill: 10ms, decode: 2ms}
        """;

    private const string Head = """
        title: A title
        source: A source
        claim: A claim
        conditions: Conditions
        word: A word
        runs:
          - {name: one, scenario: s.yaml}
          - name: swept
            scenario: s.yaml
            set: ["fleet.replicas={n}", "workload.output_tokens={o}"]
            sweep: [{name: n, values: ["1", "2"]}, {name: o, values: ["1", "10", "20"]}]

        """;

    [Fact]
    public void Reproduce_FiguresAndTables_AreWhatCanBeWorkedOutByHand()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, Head + """
            figures:
              - {name: a, of: one, metric: request_latency, unit: s, published: 0.028, within: 0.001}
              - {name: b, of: one, metric: request_latency, published: 14, within: 0.5}
              - {name: c, of: "swept[1,20]", against: "swept[1,10]", as: change, metric: request_latency, published: 50%, within: 0.22}
              - {name: d, of: "swept[1,*]", take: max, against: one, as: ratio, metric: request_latency}
              - {name: e, of: "swept[1,*]", take: where_min, metric: request_latency, published: 1, published_to: 5}
              - {name: f, of: "swept[1,20]", against: one, as: difference, metric: request_latency, published: 25, published_to: 30}
            tables:
              - {name: t, of: "swept[*,*]", metric: request_latency}
              - {name: u, of: "swept[2,*]", against: "swept[1,*]", as: ratio, metric: request_latency}
            """);
        var json = folder.PathOf("out.json");
        var csv = folder.PathOf("out.csv");
        var html = folder.PathOf("out.html");
        var outcome = CliProcess.Run("reproduce", path, "--json", json, "--csv", csv, "--html", html);
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);
        var result = JsonNode.Parse(File.ReadAllText(json))!["reproductions"]![0]!;
        var figures = result["figures"]!.AsArray();
        Near([0.028, 28, 20.0 / 28, 48.0 / 28, 1, 20], figures.Select(f => (double)f!["ours"]!));
        Near([0, 1, 20.0 / 28 - 0.5, double.NaN, 0, -0.2], figures.Select(f => (double?)f!["difference"] ?? double.NaN));
        Assert.Equal([true, false, true, null, null, null], figures.Select(f => (bool?)f!["agrees"]));
        Near([10, 28, 48, 10, 28, 48], result["tables"]![0]!["cells"]!.AsArray().SelectMany(row => row!.AsArray()).Select(c => (double)c!));
        Near([1, 1, 1], result["tables"]![1]!["cells"]!.AsArray().Select(row => (double)row![0]!));
        Assert.Contains("2 of 3 figures are as near as asked. The rest differ: b (+100.0 %)", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(7, File.ReadAllLines(csv).Length);
        Assert.Equal(File.ReadAllBytes(json), Again());

        // Two charts: a line per value of the columns' axis, and the dashed line where two runs are even.
        var page = File.ReadAllText(html);
        Assert.Equal((2, 4, 1), (page.Split("<svg").Length - 1, page.Split("<polyline").Length - 1, page.Split("class=\"even\"").Length - 1));
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);

        byte[] Again()
        {
            Assert.Equal(0, CliProcess.Run("reproduce", path, "--json", json, "--threads", "1").ExitCode);
            return File.ReadAllBytes(json);
        }
    }

    [Fact]
    public void Reproduce_FileFullOfMistakes_NamesThemAll()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, Head + """
            figures:
              - {name: a, of: two, metric: request_latency}
              - {name: b, of: swept, metric: request_latency}
              - {name: c, of: "swept[1,11]", metric: request_latency}
              - {name: d, of: "swept[1,*]", metric: request_latency}
              - {name: e, of: one, metric: request_latancy}
              - {name: f, of: one, metric: request_latency, statistic: p42}
              - {name: g, of: one, metric: gpu_hours, unit: s}
              - {name: h, of: one, metric: gpu_hours, statistic: p50}
              - {name: i, of: one, metric: gpu_hours, published_to: 3}
              - {name: j, of: one, as: change, metric: gpu_hours}
            tables:
              - {name: t, of: one, metric: request_latency}
            """);
        var outcome = CliProcess.Run("reproduce", path);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("", outcome.Output);
        string[] expected =
        [
            "figures[0].of: there is no run 'two'", "figures[1].of: 'swept' gives 0 values", "figures[2].of: 'swept[1,11]' is not among",
            "figures[3].of: has 1 stars", "figures[4].metric: 'request_latancy' is no metric (did you mean request_latency?)", "figures[5].statistic: 'p42' is no statistic",
            "figures[6].unit: 's' does not fit", "figures[7].statistic: gpu_hours has one value", "figures[8].published_to: is no high end", "figures[9].as: compares with nothing", "tables[0].of: has 0 stars",
        ];
        Assert.Equal(expected.Length, outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(expected, e => Assert.Contains(e, outcome.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void Reproduce_ScenarioMistakes_NameEveryRun()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, Head.Replace("fleet.replicas={n}", "fleet.replica={n}", StringComparison.Ordinal) + "figures: [{name: a, of: one, metric: request_latency}]\n");
        var outcome = CliProcess.Run("reproduce", path);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal(6, outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(l => l.Contains("did you mean replicas?", StringComparison.Ordinal)));
    }

    [Fact]
    public void Reproduce_MissingData_SaysWhereItIsToBeHad()
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, Head.Replace("runs:", "files: [{name: t.jsonl, from: example.org}]\nruns:", StringComparison.Ordinal).Replace("{name: one, scenario: s.yaml}", "{name: one, scenario: s.yaml, trace: t.jsonl}", StringComparison.Ordinal)
            + "figures: [{name: a, of: one, metric: request_count}]\n");
        var outcome = CliProcess.Run("reproduce", path);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("needs t.jsonl (fetch t.jsonl from example.org, and say --data with its folder)", outcome.Error, StringComparison.Ordinal);
        var all = CliProcess.Run("reproduce", "all", "--from", folder.Path);
        Assert.Equal(0, all.ExitCode);
        Assert.Contains("left out: fetch t.jsonl", all.Error, StringComparison.Ordinal);
        Directory.CreateDirectory(folder.PathOf("data"));
        File.WriteAllText(folder.PathOf("data/t.jsonl"), """{"timestamp": 0, "input_length": 5, "output_length": 2, "hash_ids": [1]}""" + "\n");
        var found = CliProcess.Run("reproduce", path, "--data", folder.PathOf("data"));
        Assert.Equal("", found.Error);
        Assert.Equal(0, found.ExitCode);
    }

    [Fact]
    public void Reproduce_WhatWeShip_IsListedAndRead()
    {
        var listed = CliProcess.Run("reproduce", "--list");
        Assert.Equal(0, listed.ExitCode);
        foreach (var folder in Directory.EnumerateDirectories(Repository.PathOf("examples/reproductions")).Where(d => File.Exists(Path.Combine(d, "reproduction.yaml"))))
        {
            Assert.Contains(Path.GetFileName(folder) + " ", listed.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Reproduce_NothingOrNobody_IsAClearError()
    {
        Assert.Contains("no reproduction is named", CliProcess.Run("reproduce").Error, StringComparison.Ordinal);
        Assert.Contains("did you mean databricks-knee?", CliProcess.Run("reproduce", "databrick-knee").Error, StringComparison.Ordinal);
    }

    private static string Write(TemporaryFolder folder, string reproduction)
    {
        var path = folder.PathOf("r");
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "s.yaml"), Scenario);
        File.WriteAllText(Path.Combine(path, "reproduction.yaml"), reproduction);
        return path;
    }

    private static void Near(double[] expected, IEnumerable<double> actual) =>
        Assert.All(expected.Zip(actual, (e, a) => (e, a)).ToArray(), pair => Assert.True(double.IsNaN(pair.e) ? double.IsNaN(pair.a) : Math.Abs(pair.e - pair.a) < 1e-9, $"{pair.e} is {pair.a}"));
}
