using System.IO.Compression;
using Foretoken.Hardware.StepTime;
using Foretoken.Hardware.StepTime.Records;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Records;

public sealed class StepRecordFileTests
{
    private const string Header = """{"foretoken_steps": 1, "engine": "vllm", "engine_version": "0.19.0", "model": "meta-llama/Llama-3.1-8B", "gpu": "h100", "tensor_parallel": 2, "source": "our rack"}""";

    private static StepRecordFile Read(params string[] lines) => StepRecordFile.Read(new StringReader(string.Join('\n', lines)), "f");

    private static string[] Problems(params string[] lines) => [.. Assert.Throws<InputException>(() => Read(lines)).Problems.Select(p => p.ToString())];

    [Fact]
    public void Read_HeaderAndSteps_AreWhatStandsThere()
    {
        var file = Read(Header, """{"ms": 7.5, "decode": 32, "context": 40960, "drafts": 64}""", "", """{"ms": 30, "prefill": [[512, 0], [100, 2000]], "decode": 1, "context": 7}""");
        Assert.Equal(("vllm", "0.19.0", "h100", 2, 1), (file.Header.Engine, file.Header.EngineVersion, file.Header.Gpu, file.Header.Layout.TensorParallel, file.Header.Layout.PipelineParallel));
        Assert.Equal((7.5, 32, 40960L, 64), (file.Records[0].Milliseconds, file.Records[0].Decode, file.Records[0].Context, file.Records[0].Drafts));
        Assert.Equal([new PrefillChunk(512, 0, true), new PrefillChunk(100, 2000, true)], file.Records[1].Prefills);
        Assert.Equal(612, file.Records[1].NewTokens);
    }

    [Fact]
    public void Read_Compressed_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new StreamWriter(new GZipStream(File.Create(folder.PathOf("s.jsonl.gz")), CompressionLevel.Fastest)))
        {
            writer.Write(Header + "\n{\"ms\": 1, \"decode\": 1, \"context\": 1}\n");
        }

        Assert.Single(StepRecordFile.Read(folder.PathOf("s.jsonl.gz")).Records);
        Assert.Throws<InputException>(() => StepRecordFile.Read(folder.PathOf("none.jsonl")));
        File.WriteAllText(folder.PathOf("plain.gz"), Header);
        Assert.Throws<InputException>(() => StepRecordFile.Read(folder.PathOf("plain.gz")));
    }

    [Theory]
    [InlineData("FTOPTAB1\u0001\u0002", "f: is a file of operator tables, not of steps (source: optables reads it)")]
    [InlineData("step,ms", "f:1: is no JSON object, so that this is no file of steps")]
    public void Read_AnotherKindOfFile_IsOneProblem(string first, string problem) =>
        Assert.StartsWith(problem, Assert.Single(Problems(first, "1,2", "2,3")), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"decode": 1, "context": 1}""", "f:2: ms: is missing")]
    [InlineData("""{"ms": 0, "decode": 1, "context": 1}""", "f:2: ms: is 0 (milliseconds, above 0)")]
    [InlineData("""{"ms": "1", "decode": 1, "context": 1}""", "f:2: ms: is \"1\"")]
    [InlineData("""{"ms": 1, "decode": 1.5, "context": 2}""", "f:2: decode: is 1.5")]
    [InlineData("""{"ms": 1, "decode": -1}""", "f:2: decode: is -1")]
    [InlineData("""{"ms": 1}""", "f:2: decode: the step computes nothing")]
    [InlineData("""{"ms": 1, "decode": 4, "context": 3}""", "f:2: context: 3 tokens for 4 decoding requests")]
    [InlineData("""{"ms": 1, "context": 3, "prefill": [[1, 0]]}""", "f:2: context: belongs to decoding requests")]
    [InlineData("""{"ms": 1, "prefill": [[0, 0]]}""", "f:2: prefill[0]: is [0, 0]")]
    [InlineData("""{"ms": 1, "prefill": [[1, 0], [1]]}""", "f:2: prefill[1]: is [1]")]
    [InlineData("""{"ms": 1, "prefill": 512}""", "f:2: prefill: is 512")]
    [InlineData("""{"ms": 1, "decode": 1, "context": 1, "batch": 3}""", "f:2: batch: is not known")]
    [InlineData("""{"ms": 1, "ms": 2, "decode": 1, "context": 1}""", "f:2: ms: stands twice")]
    [InlineData("[1]", "f:2: is not an object")]
    [InlineData("{", "f:2: is not JSON")]
    public void Read_BadStep_NamesLineAndField(string line, string problem) =>
        Assert.Contains(Problems(Header, line), p => p.StartsWith(problem, StringComparison.Ordinal));

    [Fact]
    public void Read_SeveralMistakes_ListsAll()
    {
        var problems = Problems("""{"foretoken_steps": 2, "engine": "llama.cpp", "tensor_parallel": 0, "colour": 1}""", """{"ms": -1, "decode": "x"}""");
        foreach (var part in (string[])["f:1: foretoken_steps: is version 2", "f:1: engine: 'llama.cpp'", "f:1: model: is missing", "f:1: gpu: is missing", "f:1: tensor_parallel: is 0", "f:1: colour: is not known", "f:2: ms: is -1", "f:2: decode: is \"x\""])
        {
            Assert.Contains(problems, p => p.StartsWith(part, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Read_VeryManyMistakes_NamesAHundredAndCountsTheRest() =>
        Assert.Equal("f: 151 more problems", Problems([Header, .. Enumerable.Repeat("""{"ms": 0, "decode": 1, "context": 1}""", 251)])[^1]);

    [Theory]
    [InlineData("")]
    [InlineData(Header)]
    [InlineData("""{"ms": 1, "decode": 1, "context": 1}""")]
    public void Read_WithoutHeaderOrSteps_IsAProblem(string text) => Assert.NotEmpty(Problems(text));
}
