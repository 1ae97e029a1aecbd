using System.Globalization;
using System.Text.Json.Nodes;
using Foretoken.Reports.Traces;
using Foretoken.Tests.Reports.Tuning;
using Foretoken.Tests.Support;
using Foretoken.Tests.Tuning.Store;
using Foretoken.Tuning.Results;
using Foretoken.Tuning.Store;
using Xunit;

namespace Foretoken.Tests.Cli;

/// <summary><c>foretoken runs</c> as a process, over a store with one finished and one interrupted study.</summary>
public sealed class RunsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TuningResult _result = FakeStudy.Make(120);

    public RunsCommandTests()
    {
        using var store = RunStore.Open(_folder.Path);
        using (var finished = store.Begin(StoreChild.Header))
        {
            finished.Add(StoreChild.Make(1));
            finished.Finish(TuningResultJson.Text(_result), 83.4);
        }

        using var interrupted = store.Begin(StoreChild.Header);
        for (var i = 0; i < 7; i++)
        {
            interrupted.Add(StoreChild.Make(i));
        }

        interrupted.Note("candidate 3, $0.41 per 1M output tokens");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_TwoStudies_NewestFirst()
    {
        var lines = Run("list").Output.Split('\n');
        Assert.Matches(@"^chat-16xh100-2  interrupted +7  20\d\d-", lines[1]);
        Assert.Matches(@"^chat-16xh100-1  finished +1  20\d\d-.* 1 min 23 s", lines[2]);
        var json = JsonNode.Parse(Run("list", "--json").Output)!.AsArray();
        Assert.Equal(("chat-16xh100-2", "interrupted", 7), ((string)json[0]!["id"]!, (string)json[0]!["state"]!, (int)json[0]!["evaluations"]!));
        Assert.Equal(83.4, (double)json[1]!["wall_seconds"]!);
    }

    [Fact]
    public void Show_Finished_GivesItsResult()
    {
        Assert.Equal(TuningTerminalTests.Render(_result, TraceInspectionReport.PlainWidth), Run("show", "chat-16xh100-1").Output);
        Assert.Equal(TuningResultJson.Text(_result), Run("show", "chat-16xh100-1", "--json").Output);
        var told = Run("show", "chat-16xh100-1", "--report", _folder.PathOf("out"));
        Assert.Equal(3, told.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(TuningResultJson.Text(_result), File.ReadAllText(Path.Combine(_folder.PathOf("out"), "tuning.json")));
    }

    [Fact]
    public void Show_Interrupted_SaysHowFarItIs()
    {
        var output = Run("show", "chat-16xh100-2").Output;
        Assert.Contains("interrupted\n  evaluations   7\n  candidates    7\n", output, StringComparison.Ordinal);
        Assert.Contains("Best so far: candidate 3, $0.41 per 1M output tokens", output, StringComparison.Ordinal);
        Assert.Contains("--resume", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_TwoCandidates_ShowsWhereTheyDiffer()
    {
        var (a, b) = (_result.Shortlist[0], _result.Shortlist[1]);
        var output = Run("compare", "chat-16xh100-1", Text(a), Text(b)).Output;
        Assert.StartsWith($"\nA: candidate {a} | {_result.Candidates[a - 1].Title}\nB: candidate {b} | ", output, StringComparison.Ordinal);
        Assert.Contains("B against A", output, StringComparison.Ordinal);
        Assert.Matches(@"\d of 8 settings are the same\.", output);
        Assert.Equal(2, JsonNode.Parse(Run("compare", "chat-16xh100-1", Text(a), Text(b), "--json").Output)!["candidates"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("chat-16xh100-1: has no candidate 121 (they are numbered 1 to 120)", "compare", "chat-16xh100-1", "1", "121")]
    [InlineData("chat-16xh100-2: is interrupted: candidates are numbered at its end (go on with the same 'foretoken tune' command and --resume)", "compare", "chat-16xh100-2", "1", "2")]
    [InlineData("runs.db: has no study 'chat' ('foretoken runs list' names them)", "show", "chat")]
    public void Any_WhatIsNotThere_EndsWithOneLine(string told, params string[] arguments)
    {
        var outcome = CliProcess.Run(["runs", .. arguments, "--store", _folder.Path]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.EndsWith(told, outcome.Error.TrimEnd('\n'), StringComparison.Ordinal);
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void List_NoStore_SaysWhereItLooked()
    {
        var outcome = CliProcess.RunIn(_folder.Path, "runs", "list");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal($"error: foretoken-runs{Path.DirectorySeparatorChar}runs.db: there is no run store here (say where it is with --store)\n", outcome.Error);
    }

    private CliProcess.Outcome Run(params string[] arguments)
    {
        var outcome = CliProcess.Run(["runs", .. arguments, "--store", _folder.Path]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
