using Foretoken.Cli;
using Foretoken.Cli.Commands;
using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class TraceSynthesizeAndFitCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("foretoken").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.ftrace")]
    [InlineData("a.jsonl")]
    [InlineData("a.jsonl.gz")]
    public void Synthesize_Preset_WritesTheRowsOfTheGenerator(string name)
    {
        var spec = new SyntheticSpec { Preset = "agent", Requests = 50 };
        Assert.Equal(ExitCodes.Ok, TraceSynthesizeCommand.Run(spec, At(name), 3, null, false, TextWriter.Null));
        using var written = TraceFiles.Open(At(name));
        using var generated = new SyntheticTraceReader(spec, 3);
        var a = new TraceRecord();
        var b = new TraceRecord();
        while (generated.Read(b))
        {
            Assert.True(written.Read(a));
            Assert.Equal((b.InputTokens, b.OutputTokens, b.Delay, b.KnownTokens), (a.InputTokens, a.OutputTokens, a.Delay, a.KnownTokens));
            Assert.Equal(b.HashIds, a.HashIds);
        }

        Assert.False(written.Read(a));
    }

    [Fact]
    public void Synthesize_SameSeedTwice_WritesTheSameBytes()
    {
        var spec = new SyntheticSpec { Preset = "chat", Requests = 500 };
        TraceSynthesizeCommand.Run(spec, At("a.jsonl"), 3, null, false, TextWriter.Null);
        TraceSynthesizeCommand.Run(spec, At("b.jsonl"), 3, null, false, TextWriter.Null);
        TraceSynthesizeCommand.Run(spec, At("c.jsonl"), 4, null, false, TextWriter.Null);
        Assert.Equal(File.ReadAllBytes(At("a.jsonl")), File.ReadAllBytes(At("b.jsonl")));
        Assert.NotEqual(File.ReadAllBytes(At("a.jsonl")), File.ReadAllBytes(At("c.jsonl")));
    }

    [Fact]
    public void Synthesize_BadWorkload_LeavesNoFile()
    {
        Assert.Throws<InputException>(() => TraceSynthesizeCommand.Run(new() { Preset = "chat", Requests = 0 }, At("a.jsonl"), 3, null, false, TextWriter.Null));
        Assert.Throws<InputException>(() => TraceSynthesizeCommand.Run(new() { Preset = "chat" }, At("a.what"), 3, null, false, TextWriter.Null));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Fit_WrittenSpec_IsReadBySynthesizeWithOrWithoutItsKey()
    {
        TraceSynthesizeCommand.Run(new() { Preset = "chat", Requests = 2_000 }, At("a.ftrace"), 3, null, false, TextWriter.Null);
        Assert.Equal(ExitCodes.Ok, TraceFitCommand.Run(At("a.ftrace"), At("fit.yaml"), false, TraceReadOptions.Default, TextWriter.Null));
        var spec = WorkloadFile.Load(At("fit.yaml"));
        Assert.Equal(2_000, spec.Requests);
        Assert.Empty(spec.Validate());

        var lines = File.ReadAllLines(At("fit.yaml")).SkipWhile(line => line != "workload:").Skip(1).Select(line => line[2..]);
        File.WriteAllLines(At("bare.yaml"), lines);
        Assert.Equal(SpecYaml.Write(spec, []), SpecYaml.Write(WorkloadFile.Load(At("bare.yaml")), []));
    }

    [Fact]
    public void Fit_FileExists_IsNotReplacedUnasked()
    {
        TraceSynthesizeCommand.Run(new() { Preset = "chat", Requests = 200 }, At("a.ftrace"), 3, null, false, TextWriter.Null);
        File.WriteAllText(At("fit.yaml"), "mine");
        var refused = Assert.Throws<InputException>(() => TraceFitCommand.Run(At("a.ftrace"), At("fit.yaml"), false, TraceReadOptions.Default, TextWriter.Null));
        Assert.Equal(At("fit.yaml"), Assert.Single(refused.Problems).Place);
        Assert.Equal("mine", File.ReadAllText(At("fit.yaml")));
        TraceFitCommand.Run(At("a.ftrace"), At("fit.yaml"), true, TraceReadOptions.Default, TextWriter.Null);
        Assert.NotEqual("mine", File.ReadAllText(At("fit.yaml")));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
