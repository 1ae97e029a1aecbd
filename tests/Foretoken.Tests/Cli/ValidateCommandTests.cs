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

    // One request of three tokens in a pool of eight, without overlap: prefill, one decode, then nothing. The last token has
    // no slot, so four tokens are cached in the end. Written by hand.
    private const string Sglang = """
        {"scenario":
          {"config":{"page_size":1,"max_running_requests":2,"overlap":false,"chunked_prefill_size":null,"max_prefill_tokens":16,"policy":"fcfs",
                     "mixed":false,"disable_radix":false,"conservativeness":1.0,"max_total_tokens":8},
           "requests":[{"id":"a","prompt":[1,2,3],"max_tokens":2,"step":0,"ignore_eos":false}],"max_steps":9},
         "trace":[
          {"step":0,"mode":"EXTEND","reqs":["a"],"ext":[["a",0,3]],"chunked":null,"retracted":[],"running":[],"waiting":[],"full":false,
           "ratio":0.7,"avail":5,"evictable":0,"protected":0,"out":["a"],"finished":[],"avail_after":5,"evictable_after":0},
          {"step":1,"mode":"DECODE","reqs":["a"],"ext":[],"chunked":null,"retracted":[],"running":["a"],"waiting":[],"full":false,
           "ratio":0.698996667,"avail":4,"evictable":0,"protected":3,"out":["a"],"finished":["a"],"avail_after":4,"evictable_after":4},
          {"step":2,"mode":null,"reqs":[],"ext":[],"chunked":null,"retracted":[],"running":[],"waiting":[],"full":false,
           "ratio":0.698996667,"avail":4,"evictable":4,"protected":0,"out":null,"finished":["a"],"avail_after":4,"evictable_after":4}]}
        """;

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
    public void RunSchedules_SharedSglangTraces_AllEqual()
    {
        var (code, lines) = Run(SharedData.Require("schedules/sglang.tar.gz"));
        Assert.Equal(["381 of 381 scenarios equal, 57507 steps"], lines);
        Assert.Equal(ExitCodes.Ok, code);
    }

    [Fact]
    public void RunSchedules_TracesOfBothEngines_AreCountedTogether()
    {
        var archive = _folder.PathOf("both.tar.gz");
        WriteArchive(archive, ("a.json", Good), ("s.json", Sglang));
        var (code, lines) = Run(archive, Write("s.json", Sglang));
        Assert.Equal(["3 of 3 scenarios equal, 8 steps"], lines);
        Assert.Equal(ExitCodes.Ok, code);
    }

    [Theory]
    [InlineData("\"finished\":[\"a\"],\"avail_after\":4,\"evictable_after\":4},", "\"finished\":[\"a\"],\"avail_after\":5,\"evictable_after\":3},", "step 1, avail_after: expected 5, got 4")]
    [InlineData("\"ratio\":0.698996667,\"avail\":4,\"evictable\":0", "\"ratio\":0.698,\"avail\":4,\"evictable\":0", "step 1, ratio: expected 0.698, got 0.69899666666")]
    [InlineData("[[\"a\",0,3]]", "[[\"a\",1,3]]", "step 0, ext: expected [a:1-3], got [a:0-3]")]
    [InlineData("\"mode\":null", "\"mode\":\"DECODE\"", "step 2, mode: expected DECODE, got null")]
    [InlineData("\"max_total_tokens\":8", "\"max_total_tokens\":6", "step 0, mode: expected EXTEND, got null")]
    public void RunSchedules_AlteredSglangTrace_SaysFileStepFieldExpectedAndGot(string text, string replacement, string message)
    {
        var altered = Sglang.Replace(text, replacement, StringComparison.Ordinal);
        Assert.NotEqual(Sglang, altered);
        var bad = Write("bad.json", altered);
        var (code, lines) = Run(Write("a.json", Good), bad);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"{bad}: {message}", lines[0], StringComparison.Ordinal);
        Assert.Equal("1 of 2 scenarios equal, 5 steps", lines[1]);
        Assert.Equal(ExitCodes.CheckFailed, code);
    }

    [Theory]
    [InlineData("\"page_size\":1", "scenario.config.page_size:", "must be from 1", "\"page_size\":0")]
    [InlineData("\"policy\":\"fcfs\"", "scenario.config.policy:", "\"dfs-weight\"", "\"policy\":\"random\"")]
    [InlineData("\"mixed\":false", "scenario.config.lora:", "does not know", "\"lora\":1")]
    [InlineData("\"max_total_tokens\":8", "scenario.config.max_total_tokens:", "must be from 1", "\"max_total_tokens\":0")]
    [InlineData("\"chunked_prefill_size\":null", "scenario.config.chunked_prefill_size:", "smaller than a page", "\"chunked_prefill_size\":2", "\"page_size\":1", "\"page_size\":4")]
    [InlineData("\"chunked_prefill_size\":null", "scenario.config.chunked_prefill_size:", "smaller than max_running_requests", "\"chunked_prefill_size\":1", "\"mixed\":false", "\"mixed\":true")]
    [InlineData("\"prompt\":[1,2,3]", "scenario.requests[0].prompt:", "no tokens", "\"prompt\":[]")]
    [InlineData("\"ratio\":0.7", "trace[0].ratio:", "a number", "\"ratio\":\"0.7\"")]
    [InlineData("\"mode\":\"EXTEND\"", "trace[0].mode:", "\"MIXED\"", "\"mode\":\"PREFILL\"")]
    [InlineData("[[\"a\",0,3]]", "trace[0].ext[0]:", "three elements", "[[\"a\",0]]")]
    [InlineData("\"full\":false", "trace[0]:", "'full' is missing", "\"x\":2")]
    [InlineData("\"disable_radix\":false", "scenario.requests[0].ignore_eos:", "not covered", "\"disable_radix\":true", "\"ignore_eos\":false", "\"ignore_eos\":true")]
    public void RunSchedules_UnusableSglangTrace_NamesThePlace(string text, string place, string message, string replacement, string also = "max_steps", string alsoReplacement = "max_steps")
    {
        var path = Write("bad.json", Sglang.Replace(text, replacement, StringComparison.Ordinal).Replace(also, alsoReplacement, StringComparison.Ordinal));
        var problem = Assert.Single(Assert.Throws<InputException>(() => Run(path)).Problems).ToString();
        Assert.StartsWith(path, problem, StringComparison.Ordinal);
        Assert.Contains(place, problem, StringComparison.Ordinal);
        Assert.Contains(message, problem, StringComparison.Ordinal);
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
