using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Cli;
using Foretoken.Cli.Commands;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Workloads.Traces;

public sealed class TraceCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(110)]
    public void Inspect_SmallTrace_MatchesItsSnapshot(int width)
    {
        var text = TraceInspectCommand.Run(SmallTrace(), false, 16, TraceReadOptions.Default, width, false, TextWriter.Null);

        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= width, line));
        Snapshot.Match(FormattableString.Invariant($"trace-inspect-{width}.txt"), text);
    }

    [Fact]
    public void Inspect_Json_MatchesItsSnapshot()
    {
        var text = TraceInspectCommand.Run(SmallTrace(), true, 16, TraceReadOptions.Default, 80, false, TextWriter.Null);

        using var document = JsonDocument.Parse(text);
        Assert.Equal(400, document.RootElement.GetProperty("requests").GetInt32());
        Snapshot.Match("trace-inspect.json", text);
    }

    [Fact]
    public void Inspect_Colour_OnlyAddsMarks()
    {
        var plain = TraceInspectCommand.Run(SmallTrace(), false, 16, TraceReadOptions.Default, 80, false, TextWriter.Null);
        var colour = TraceInspectCommand.Run(SmallTrace(), false, 16, TraceReadOptions.Default, 80, true, TextWriter.Null);

        Assert.NotEqual(plain, colour);
        Assert.Equal(plain, System.Text.RegularExpressions.Regex.Replace(colour, "\u001b\\[[0-9;]*m", ""));
    }

    [Theory]
    [InlineData("{\"input_length\":5,\"output_length\":5}", "no arrival times")]
    [InlineData("{\"timestamp\":3,\"input_length\":5,\"output_length\":5}", "arrive at once")]
    [InlineData("{\"timestamp\":0,\"input_length\":5,\"output_length\":5}\n{\"timestamp\":0.001,\"input_length\":2000000000,\"output_length\":2000000000}", "2 requests · 1.0 us")]
    [InlineData("{\"timestamp\":0,\"input_length\":5,\"output_length\":5}\n{\"timestamp\":900000000000,\"input_length\":5,\"output_length\":5}", "10,416 d")]
    public void Inspect_OddTraces_AreShown(string rows, string expected)
    {
        var path = Write("odd.jsonl", rows);

        Assert.Contains(expected, TraceInspectCommand.Run(path, false, 16, TraceReadOptions.Default, 60, false, TextWriter.Null), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(TraceInspectCommand.Run(path, true, 16, TraceReadOptions.Default, 60, false, TextWriter.Null));
        Assert.Equal("1.1", json.RootElement.GetProperty("schema_version").GetString());
    }

    [Fact]
    public void Inspect_SkippedRows_AreReported()
    {
        var path = Write("bad.jsonl", "{\"timestamp\":3,\"input_length\":5,\"output_length\":5}\nnonsense\n");
        var error = new StringWriter(CultureInfo.InvariantCulture);

        TraceInspectCommand.Run(path, false, 16, new() { SkipBadLines = 1 }, 80, false, error);

        Assert.StartsWith("warning: 1 bad row skipped\n  " + path + ":2: not valid JSON at column 1", error.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_ToAPoorerFormat_TellsWhatIsLost()
    {
        var error = new StringWriter(CultureInfo.InvariantCulture);
        var @out = new StringWriter(CultureInfo.InvariantCulture);

        var code = TraceConvertCommand.Run(SmallTrace(), _folder.PathOf("o.csv.gz"), "azure", false, TraceReadOptions.Default, @out, error);

        Assert.Equal(0, code);
        Assert.StartsWith("400 requests, mooncake -> azure-llm", @out.ToString(), StringComparison.Ordinal);
        Assert.Contains("lost, as azure-llm cannot hold it: hash ids (400 rows)", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("lost, as azure-llm cannot hold it: sessions (100 rows)", error.ToString(), StringComparison.Ordinal);
        using var reader = TraceFiles.Open(_folder.PathOf("o.csv.gz"));
        Assert.Equal(TraceFormat.AzureLlm, reader.Format);
    }

    [Fact]
    public void Convert_DamagedInput_LeavesNoOutput()
    {
        var path = Write("bad.jsonl", "{\"timestamp\":3,\"input_length\":5,\"output_length\":5}\nnonsense\n");
        var target = _folder.PathOf("o.ftrace");

        Assert.Throws<InputException>(() => TraceConvertCommand.Run(path, target, null, false, TraceReadOptions.Default, TextWriter.Null, TextWriter.Null));

        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Convert_EndingThatSaysNothing_AsksForTheFormat()
    {
        var e = Assert.Throws<InputException>(() => TraceConvertCommand.Run(SmallTrace(), _folder.PathOf("o.csv"), null, false, TraceReadOptions.Default, TextWriter.Null, TextWriter.Null));

        Assert.Contains("--to", e.Problems[0].Fix, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => TraceConvertCommand.Run(SmallTrace(), _folder.PathOf("o.csv"), "parquet", false, TraceReadOptions.Default, TextWriter.Null, TextWriter.Null));
    }

    [Fact]
    public async Task CommandLine_BadTraces_EndWithCodeTwo()
    {
        Assert.Equal(ExitCodes.BadInput, await App.RunAsync(["trace", "inspect", _folder.Path]));
        Assert.Equal(ExitCodes.BadInput, await App.RunAsync(["trace", "inspect", _folder.PathOf("absent")]));
        Assert.Equal(ExitCodes.BadInput, await App.RunAsync(["trace", "inspect", SmallTrace(), "--block-size", "0"]));
        Assert.Equal(ExitCodes.BadInput, await App.RunAsync(["trace", "inspect", SmallTrace(), "--format", "nonsense"]));
        Assert.Equal(ExitCodes.BadInput, await App.RunAsync(["trace", "convert", SmallTrace(), SmallTrace()]));
    }

    /// <summary>A day's hump in ten minutes, prompts that share a system prompt, and a few sessions.</summary>
    private string SmallTrace()
    {
        var rows = new StringBuilder();
        var random = new RandomStream(7, StreamId.Test);
        var at = 0.0;
        for (var i = 0; i < 400; i++)
        {
            at += random.NextExponential() * (i is > 120 and < 280 ? 800 : 2500);
            var input = 600 + random.NextInt(4000);
            var output = 20 + random.NextInt(300);
            var ids = string.Join(',', Enumerable.Range(0, (input - 1) / 512 + 1).Select(k => k < 1 + i % 3 ? k : i * 100 + k));
            var session = i % 4 == 3 ? FormattableString.Invariant($",\"session_id\":\"s{i / 20}\"") : "";
            rows.Append(CultureInfo.InvariantCulture, $"{{\"timestamp\":{Math.Floor(at)},\"input_length\":{input},\"output_length\":{output},\"hash_ids\":[{ids}]{session}}}\n");
        }

        return Write("small.jsonl", rows.ToString());
    }

    private string Write(string name, string text)
    {
        var path = _folder.PathOf(name);
        File.WriteAllText(path, text);
        return path;
    }
}
