using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

/// <summary><c>foretoken simulate</c> as a process: exit codes, streams, files, signals.</summary>
public sealed class SimulateProcessTests
{
    private const string Small = "examples/closed-loop.yaml";

    // A study leaves open what 'tune' is to choose, so it is not a scenario that runs by itself.
    public static TheoryData<string> Examples =>
        [.. Directory.EnumerateFiles(Repository.PathOf("examples"), "*.yaml").Where(f => !Path.GetFileName(f).StartsWith("tune-", StringComparison.Ordinal)).Select(f => "examples/" + Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Simulate_EveryExample_AnswersEveryRequest(string example)
    {
        var outcome = CliProcess.Run("simulate", example, "--json", "--quiet");
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);
        var summary = JsonNode.Parse(outcome.Output)!;
        Assert.False((bool)summary["partial"]!);
        Assert.Equal((long)summary["requests"]!["measured"]!, (long)summary["requests"]!["completed"]!);
    }

    [Theory]
    [InlineData("explain")]
    [InlineData("validate")]
    public void Scenario_WhatIsProbablyNotMeant_IsWarnedOf(string command)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("s.yaml"), "model: Llama-3.1-8B\ngpu: h100\nengine: {speculative: {method: mtp, num_speculative_tokens: 1, acceptance_rates: [0.05]}}\n");
        var outcome = CliProcess.Run("scenario", command, folder.PathOf("s.yaml"));
        Assert.Equal(0, outcome.ExitCode);
        Assert.StartsWith("warning: speculative decoding is expected to give 1.05 tokens per step", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_Twice_GivesTheSameBytesApartFromTheWallClock()
    {
        using var folder = new TemporaryFolder();
        string[] texts = ["a", "b"];
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(0, CliProcess.Run("simulate", Small, "--report", folder.PathOf(texts[i]), "--quiet").ExitCode);
            texts[i] = WithoutWallClock(File.ReadAllText(Path.Combine(folder.PathOf(texts[i]), "summary.json")));
        }

        Assert.Equal(texts[0], texts[1]);
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder.PathOf("a"), "requests.jsonl")), File.ReadAllBytes(Path.Combine(folder.PathOf("b"), "requests.jsonl")));
    }

    [Fact]
    public void Simulate_ExplainRequest_TellsItsLifeInWordsAndJson()
    {
        var told = CliProcess.Run("simulate", Small, "--quiet", "--explain-request", "7");
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("\nRequest 7 | ", told.Output, StringComparison.Ordinal);
        Assert.Contains("in the queue of worker", told.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CliProcess.Run("simulate", Small, "--quiet", "--json", "--explain-request", "7").Output)!;
        var life = json["explained_request"]!;
        Assert.Equal((long)life["latency_ns"]!, life["latency_phases_ns"]!.AsObject().Sum(p => (long)p.Value!));
        Assert.Equal("ended", (string)life["events"]!.AsArray()[^1]!["event"]!);
    }

    [Fact]
    public void Simulate_Perfetto_WritesAWholeFileAndSaysWhereItWasCut()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("trace.json");
        var outcome = CliProcess.Run("simulate", Small, "--perfetto", path, "--explain-request", "3", "--perfetto-events", "500", "--json");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains($"wrote {path} (", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"{path}: full at ", outcome.Error, StringComparison.Ordinal);
        Assert.InRange(Reports.Perfetto.TraceEventRules.Check(File.ReadAllBytes(path)).Count, 500, 1500);
        Assert.Equal(3, (int)JsonNode.Parse(outcome.Output)!["explained_request"]!["index"]!);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Simulate_PerfettoOptionsThatSayNothing_AreClearErrors()
    {
        using var folder = new TemporaryFolder();
        var outcome = CliProcess.Run("simulate", Small, "--perfetto-from", "10", "--perfetto-to", "2s", "--perfetto-events", "0", "--explain-request", "x");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal(6, outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        outcome = CliProcess.Run("simulate", Small, "--quiet", "--perfetto", folder.PathOf("none/trace.json"));
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("trace.json: cannot be written", outcome.Error, StringComparison.Ordinal);
        outcome = CliProcess.Run("simulate", Small, "--quiet", "--perfetto", folder.PathOf("t.json"), "--perfetto-from", "5s", "--perfetto-to", "5s");
        Assert.Contains("--perfetto-to 5s: is not after --perfetto-from", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("-1", "is no request's number")]
    [InlineData("seven", "is no request's number")]
    [InlineData("100000000", "there is no such request (the run's requests")]
    public void Simulate_ExplainRequestThatIsNone_NamesTheRange(string id, string message)
    {
        var outcome = CliProcess.Run("simulate", Small, "--quiet", $"--explain-request={id}");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("", outcome.Output);
        Assert.Contains($"--explain-request {id}: {message}", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_PlainAndFast_GiveTheSameFingerprint()
    {
        var prints = new[] { "plain", "fast" }.Select(mode => (string)JsonNode.Parse(CliProcess.Run("simulate", "examples/small-cache.yaml", "--engine-mode", mode, "--json", "--quiet").Output)!["run"]!["fingerprint"]!);
        Assert.Single(prints.Distinct());
    }

    [Fact]
    public void Simulate_TraceStreamedOrLoaded_GivesTheSameFingerprint()
    {
        // Loaded, the prefix tree is compressed; streamed, it grows by one node per hash block. Neither may show.
        using var folder = new TemporaryFolder();
        var trace = folder.PathOf("t.jsonl");
        File.WriteAllLines(trace, Enumerable.Range(0, 400).Select(i =>
            $"{{\"timestamp\": {i * 90}, \"input_length\": {1100 + i * 37 % 900}, \"output_length\": {5 + i * 13 % 300}, \"hash_ids\": [{string.Join(", ", Enumerable.Range(0, (1100 + i * 37 % 900 + 511) / 512).Select(k => k < 1 + i % 3 ? i % 7 * 10 + k : 1000 + i * 10 + k))}]}}"));
        var prints = new[] { "true", "false" }.Select(stream =>
        {
            var outcome = CliProcess.Run("simulate", "examples/small-cache.yaml", "--trace", trace, "--set", $"workload.trace.stream={stream}", "--json", "--quiet");
            Assert.Equal("", outcome.Error);
            var summary = JsonNode.Parse(outcome.Output)!;
            Assert.Equal(400, (long)summary["requests"]!["measured"]!);
            return (string)summary["run"]!["fingerprint"]!;
        });
        Assert.Single(prints.Distinct());
    }

    [Fact]
    public void Simulate_StreamedClosedLoop_IsRefused()
    {
        var outcome = CliProcess.Run("simulate", Small, "--trace", "nowhere.jsonl", "--set", "workload.trace.stream=true", "--set", "workload.closed_loop.concurrency=4");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("a closed loop cannot be streamed", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_FastForcedBeyondWhatItCovers_SaysWhatRunsInstead()
    {
        var outcome = CliProcess.Run("simulate", Small, "--engine-mode", "fast", "--set", "engine.scheduling_policy=priority", "--time-limit", "1s");
        Assert.Contains("the fast engine does not cover scheduling_policy priority", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("Engine mode plain", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_Seed_ChangesTheTraffic()
    {
        var prints = new[] { "1", "2" }.Select(seed => (string)JsonNode.Parse(CliProcess.Run("simulate", Small, "--seed", seed, "--json", "--quiet").Output)!["run"]!["fingerprint"]!);
        Assert.Equal(2, prints.Distinct().Count());
    }

    [Fact]
    public void Simulate_IntoAPipe_HasNoColourAndFitsHundredColumns()
    {
        var output = CliProcess.Run("simulate", Small, "--quiet").Output;
        Assert.DoesNotContain('\u001b', output);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
    }

    [Fact]
    public void Simulate_TimeLimit_MarksTheResultPartial()
    {
        var outcome = CliProcess.Run("simulate", Small, "--time-limit", "30s", "--json", "--quiet");
        Assert.Equal(0, outcome.ExitCode);
        Assert.True((bool)JsonNode.Parse(outcome.Output)!["partial"]!);
    }

    [Fact]
    public void Simulate_ReaderGoesAway_EndsQuietly()
    {
        var outcome = CliProcess.Shell($"set -o pipefail; $F simulate {Small} --quiet | head -n 1");
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public void Simulate_OutputIsFull_IsNotTakenForWritten(string option)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "this machine has no /dev/full");
        var outcome = CliProcess.Shell($"$F simulate {Small} --quiet {option} > /dev/full");
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("error: standard output: cannot be written", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_Interrupted_ShowsWhatWasFinishedAsPartial()
    {
        using var folder = new TemporaryFolder();
        using var process = CliProcess.Start("simulate", "examples/chat-8xvllm.yaml", "--set", "workload.requests=1G", "--engine-mode", "plain", "--json", "--report", folder.PathOf("out"));

        // The first progress line says that the run is under way.
        Assert.Contains("requests/s", process.StandardError.ReadLine(), StringComparison.Ordinal);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, Kill(process.Id, 2));
        var outcome = CliProcess.Finish(process);
        Assert.Equal(130, outcome.ExitCode);
        Assert.True((bool)JsonNode.Parse(outcome.Output)!["partial"]!);
        Assert.True((bool)JsonNode.Parse(File.ReadAllText(folder.PathOf("out/summary.json")))!["partial"]!);

        // Far above what is promised (a second), far below what the run would take: this must not hang on a busy machine.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Simulate_ReportIntoAFile_IsRefusedBeforeTheRun()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("out"), "mine");
        var outcome = CliProcess.Run("simulate", Small, "--report", folder.PathOf("out"));
        AssertBadInput(outcome, "is a file, a folder was to be written there");
        Assert.Equal("mine", File.ReadAllText(folder.PathOf("out")));
    }

    [Fact]
    public void Simulate_BadTrace_LeavesNoReportBehind()
    {
        using var folder = new TemporaryFolder();
        AssertBadInput(CliProcess.Run("simulate", Small, "--trace", folder.PathOf("none.jsonl"), "--report", folder.PathOf("out")), "none.jsonl");
        Assert.False(Directory.Exists(folder.PathOf("out")));
    }

    public static TheoryData<string, string, string> BadTraces => new()
    {
        { "t.jsonl", "{\"timestamp\": 0, \"input_length\": -5, \"output_length\": 3, \"hash_ids\": []}\n", "t.jsonl" },
        { "t.jsonl", "{\"timestamp\": 0, \"input_length\": 5000, \"output_length\": 3, \"hash_ids\": [1]}\n", "hash_ids" },
        { "t.jsonl", "{\"timestamp\": 5, \"input_length\": 5, \"output_length\": 3, \"hash_ids\": [1]}\n{\"timestamp\": 1, \"input_length\": 5, \"output_length\"\n", "t.jsonl" },
        { "t.jsonl", "", "empty" },
        { "t.txt", "what is this\n", "t.txt" },
        { "t.jsonl", "{\"timestamp\": 0, \"input_length\": 900000, \"output_length\": 3}\n", "t.jsonl" },
    };

    [Theory]
    [MemberData(nameof(BadTraces))]
    public void Simulate_BadTrace_IsAClearError(string name, string text, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf(name), text);
        AssertBadInput(CliProcess.Run("simulate", "examples/agents.yaml", "--trace", folder.PathOf(name)), expected);
    }

    [Fact]
    public void Simulate_TruncatedGzip_IsAClearError()
    {
        using var folder = new TemporaryFolder();
        using (var gzip = new GZipStream(File.Create(folder.PathOf("whole.gz")), CompressionLevel.Fastest))
        {
            for (var i = 0; i < 5000; i++)
            {
                gzip.Write(Encoding.ASCII.GetBytes($"{{\"timestamp\": {i}, \"input_length\": {i % 400 + 1}, \"output_length\": 3, \"hash_ids\": [{i * 7919L % 100_003}]}}\n"));
            }
        }

        var bytes = File.ReadAllBytes(folder.PathOf("whole.gz"));
        File.WriteAllBytes(folder.PathOf("cut.jsonl.gz"), bytes[..(bytes.Length / 2)]);
        AssertBadInput(CliProcess.Run("simulate", "examples/agents.yaml", "--trace", folder.PathOf("cut.jsonl.gz")), "cut.jsonl.gz");
    }

    [Fact]
    public void Simulate_DirectoryForATrace_IsAClearError() => AssertBadInput(CliProcess.Run("simulate", "examples/agents.yaml", "--trace", "examples"), "examples");

    [Theory]
    [InlineData("no request can ever be admitted", "--set", "engine.max_model_len=40", "--set", "workload.input_tokens=50")]
    [InlineData("fleet.replicas: '0' is out of range", "--set", "fleet.replicas=0")]
    [InlineData("--seed x: seed: 'x' is not a whole number", "--seed", "x")]
    [InlineData("--engine-mode quick: run.engine_mode: 'quick' is not known here", "--engine-mode", "quick")]
    [InlineData("--time-limit 5: run.time_limit: '5' has no unit", "--time-limit", "5")]
    [InlineData("'--sed' is not known here (did you mean --set?)", "--sed", "1")]
    [InlineData("Run 'foretoken simulate --help'", "--sed", "1")]
    public void Simulate_BadOptions_AreClearErrors(string expected, params string[] options) =>
        AssertBadInput(CliProcess.Run(["simulate", Small, .. options]), expected);

    [Fact]
    public void Simulate_RealTrace_CompletesEveryRequest()
    {
        var trace = SharedData.Require("traces/mooncake_conversation.jsonl.gz");
        var outcome = CliProcess.Run("simulate", "examples/chat-8xvllm.yaml", "--trace", trace, "--set", "engine.block_size=512", "--json", "--quiet");
        Assert.Equal("", outcome.Error);
        Assert.Equal(12031, (long)JsonNode.Parse(outcome.Output)!["requests"]!["completed"]!);
    }

    [Fact]
    public void Help_NoCommand_ListsTheCommands()
    {
        var outcome = CliProcess.Run("--help");
        Assert.Equal(0, outcome.ExitCode);
        Assert.All(new[] { "simulate", "scenario", "trace", "validate" }, command => Assert.Contains(command, outcome.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'simulat' is not known here (did you mean simulate?)", "simulat")]
    [InlineData("which command? One of simulate", "")]
    [InlineData("which command? One of explain, validate, schema", "scenario")]
    [InlineData("Required argument missing for command: 'simulate'", "simulate")]
    public void Foretoken_NoSuchCommand_SaysWhatThereIs(string expected, string command) =>
        AssertBadInput(CliProcess.Run(command.Length == 0 ? [] : [command]), expected);

    private static void AssertBadInput(CliProcess.Outcome outcome, string expected)
    {
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("", outcome.Output);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.All(outcome.Error.TrimEnd('\n').Split('\n'), line => Assert.True(line.StartsWith("error: ", StringComparison.Ordinal) || line.StartsWith("Run 'foretoken", StringComparison.Ordinal), line));
    }

    private static string WithoutWallClock(string json)
    {
        var node = JsonNode.Parse(json)!.AsObject();
        Assert.True(node.Remove("wall_clock"));
        return node.ToJsonString();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
