using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Foretoken.Cli;
using Foretoken.Cli.Commands;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class ValidateCommandTests : IDisposable
{
    // One request of three tokens, blocks of two: prompt in step 0, one decode in step 1. Written by hand.
    private const string Good = """
        {"scenario":
          {"config":{"max_num_seqs":2,"max_num_batched_tokens":8,"block_size":2,"num_blocks":5,"max_model_len":16},
           "requests":[{"id":"a","prompt":[1,2,3],"max_tokens":2,"step":0,"arrival":0.0,"priority":0}],"max_steps":9},
         "trace":[
          {"step":0,"scheduled":[["a",3]],"computed_before":[["a",0]],"spec":{},"preempted":[],"running":["a"],"waiting":[],
           "free_blocks":2,"blocks":{"a":[[1,2]]},"finished_delivered":[],"output":[["a",1]],"finished_now":[],"free_after":2},
          {"step":1,"scheduled":[["a",1]],"computed_before":[["a",3]],"spec":{},"preempted":[],"running":["a"],"waiting":[],
           "free_blocks":2,"blocks":{"a":[[1,2]]},"finished_delivered":[],"output":[["a",1]],"finished_now":["a"],"free_after":4}]}
        """;

    private const string Sglang = """{"scenario":{"config":{"page_size":1}},"trace":[{"step":0,"mode":"EXTEND"}]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RunSchedules_SharedTraces_AllEqual()
    {
        var (code, lines) = Run(SharedData.Require("schedules/vllm.tar.gz"));
        Assert.Equal(["423 of 423 scenarios equal, 34101 steps"], lines);
        Assert.Equal(ExitCodes.Ok, code);
    }

    [Fact]
    public void RunSchedules_FileFolderAndArchives_AreAllRead()
    {
        var file = Write("a.json", Good);
        Directory.CreateDirectory(_folder.PathOf("more/deep"));
        Write("more/b.json", Good);
        Write("more/deep/c.json", Good);
        Write("more/readme.txt", "not a trace");
        var archive = _folder.PathOf("d.tar.gz");
        WriteArchive(archive, ("x/d.json", Good), ("x/e.json", Good));
        var packed = _folder.PathOf("f.json.gz");
        using (var gzip = new GZipStream(File.Create(packed), CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Good));
        }

        var (code, lines) = Run(file, _folder.PathOf("more"), archive, packed);
        Assert.Equal(["6 of 6 scenarios equal, 12 steps"], lines);
        Assert.Equal(ExitCodes.Ok, code);
    }

    [Fact]
    public void RunSchedules_AlteredTrace_SaysFileStepFieldExpectedAndGot()
    {
        var bad = Write("bad.json", Good.Replace("\"free_after\":4", "\"free_after\":3", StringComparison.Ordinal));
        var (code, lines) = Run(Write("a.json", Good), bad);
        Assert.Equal([$"{bad}: step 1, free_after: expected 3, got 4", "1 of 2 scenarios equal, 4 steps"], lines);
        Assert.Equal(ExitCodes.CheckFailed, code);
    }

    [Fact]
    public void RunSchedules_SglangTrace_IsRecognisedAndCountsAsUnequal()
    {
        var sglang = Write("s.json", Sglang);
        var (code, lines) = Run(Write("a.json", Good), sglang);
        Assert.Equal([$"{sglang}: an SGLang trace, which cannot be replayed yet", "1 of 2 scenarios equal, 2 steps"], lines);
        Assert.Equal(ExitCodes.CheckFailed, code);
    }

    [Theory]
    [InlineData("{\"scenario\":", "line 1", "not valid JSON")]
    [InlineData("[]", "bad.json:", "must be an object")]
    [InlineData("{}", "bad.json:", "'trace' is missing")]
    [InlineData("{\"trace\":[]}", "trace:", "no steps")]
    [InlineData("{\"trace\":[{\"foo\":1}]}", "trace[0]:", "neither engine")]
    [InlineData("\"block_size\":2", "scenario.config.block_size:", "must be from 1", "\"block_size\":0")]
    [InlineData("\"block_size\":2,", "scenario.config:", "'block_size' is missing", "")]
    [InlineData("\"block_size\":2", "scenario.config.lora:", "does not know", "\"block_size\":2,\"lora\":1")]
    [InlineData("\"block_size\":2", "scenario.config.policy:", "\"fcfs\" or \"priority\"", "\"block_size\":2,\"policy\":\"lof\"")]
    [InlineData("\"block_size\":2", "scenario.config.groups[0].type:", "\"full\" or \"swa\"", "\"block_size\":2,\"groups\":[{\"type\":\"mamba\"}]")]
    [InlineData("\"block_size\":2", "scenario.accept:", "is empty", "\"block_size\":2,\"spec_k\":1,\"spec_method\":\"eagle\"")]
    [InlineData("\"prompt\":[1,2,3]", "scenario.requests[0].prompt:", "has 0 tokens", "\"prompt\":[]")]
    [InlineData("\"prompt\":[1,2,3]", "scenario.requests[0].prompt[1]:", "whole number", "\"prompt\":[1,2.5,3]")]
    [InlineData("[[\"a\",3]]", "trace[0].scheduled[0]:", "two elements", "[[\"a\"]]")]
    [InlineData("\"free_after\":2", "trace[0]:", "'free_after' is missing", "\"x\":2")]
    public void RunSchedules_UnusableTrace_NamesThePlace(string text, string place, string message, string? replacement = null)
    {
        var path = Write("bad.json", replacement is null ? text : Good.Replace(text, replacement, StringComparison.Ordinal));
        var e = Assert.Throws<InputException>(() => Run(path));
        var problem = Assert.Single(e.Problems).ToString();
        Assert.StartsWith(path, problem, StringComparison.Ordinal);
        Assert.Contains(place, problem, StringComparison.Ordinal);
        Assert.Contains(message, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void RunSchedules_SeveralUnusableFiles_NamesThemAllAndGivesNoCount()
    {
        var lines = new List<string>();
        var empty = _folder.PathOf("empty");
        Directory.CreateDirectory(empty);
        var e = Assert.Throws<InputException>(() => ValidateCommand.RunSchedules(
            [Write("x.json", "{"), _folder.PathOf("nope"), Write("a.json", Good), empty, Write("y.json", "1")],
            lines.Add));
        Assert.Equal(["x.json", "nope", "empty", "y.json"], e.Problems.Select(problem => Path.GetFileName(problem.Place.Split(": ")[0])));
        Assert.Empty(lines);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    [InlineData(0.999)]
    public void RunSchedules_ArchiveCutOff_IsNoticed(double share)
    {
        var whole = _folder.PathOf("whole.tar.gz");
        WriteArchive(whole, Enumerable.Range(0, 40).Select(i => ($"{i}.json", Good)).ToArray());
        var bytes = File.ReadAllBytes(whole);
        var cut = _folder.PathOf("cut.tar.gz");
        File.WriteAllBytes(cut, bytes[..(int)(bytes.Length * share)]);
        Assert.Contains(Assert.Throws<InputException>(() => Run(cut)).Problems, problem => problem.Place == cut);
    }

    [Fact]
    public void RunSchedules_TarCutBetweenTwoFiles_IsNoticed()
    {
        var packed = _folder.PathOf("a.tar.gz");
        WriteArchive(packed, ("a.json", Good), ("b.json", Good));
        var tar = _folder.PathOf("a.tar");
        using (var input = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
        using (var output = File.Create(tar))
        {
            input.CopyTo(output);
        }

        Assert.Equal(ExitCodes.Ok, Run(tar).Code);
        var bytes = File.ReadAllBytes(tar);
        var second = bytes.AsSpan().LastIndexOf("b.json"u8);
        File.WriteAllBytes(tar, bytes[..(second / 512 * 512)]);
        Assert.Throws<InputException>(() => Run(tar));
    }

    [Fact]
    public async Task Process_ExitCodesAndStreams_FollowTheContract()
    {
        var good = Write("a.json", Good);
        var altered = Write("b.json", Good.Replace("[[1,2]]", "[[2,1]]", StringComparison.Ordinal));
        Assert.Equal((ExitCodes.Ok, "1 of 1 scenarios equal, 2 steps", ""), await Foretoken("validate", "schedules", good));
        var (code, output, _) = await Foretoken("validate", "schedules", altered);
        Assert.Equal(ExitCodes.CheckFailed, code);
        Assert.Equal("0 of 1 scenarios equal, 2 steps", output.Split('\n')[^1]);
        var (badCode, badOutput, badErrors) = await Foretoken("validate", "schedules", _folder.PathOf("nope.json"));
        Assert.Equal((ExitCodes.BadInput, ""), (badCode, badOutput));
        Assert.StartsWith("error: ", badErrors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, (await Foretoken("validate", "schedules")).Code);
    }

    private static async Task<(int Code, string Output, string Errors)> Foretoken(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "foretoken.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, (await output).TrimEnd(), (await errors).TrimEnd());
    }

    private static (int Code, string[] Lines) Run(params string[] paths)
    {
        var text = new StringBuilder();
        var code = ValidateCommand.RunSchedules(paths, line => text.Append(line));
        return (code, text.ToString().TrimEnd('\n').Split('\n'));
    }

    private static void WriteArchive(string path, params (string Name, string Text)[] files)
    {
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        using var tar = new TarWriter(gzip);
        foreach (var (name, text) in files)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.PathOf(name), text);
        return _folder.PathOf(name);
    }
}
