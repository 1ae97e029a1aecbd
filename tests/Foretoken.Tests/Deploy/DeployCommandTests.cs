using Foretoken.Deploy.Deployments;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Deploy;

public sealed class DeployCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Deploy_Twice_WritesTheSameFilesAndReplacesNoOthers()
    {
        var place = Path.Combine(_folder.Path, "out");
        var first = CliProcess.Run("deploy", "examples/prefill-decode.yaml", "--out", place);
        Assert.Equal(0, first.ExitCode);
        Assert.Contains("left out: --target kubernetes", first.Error, StringComparison.Ordinal);
        var files = first.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(files, f => Assert.True(File.Exists(f), f));
        Assert.Equal(files.Order(), Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories).Order());

        Assert.Equal(0, CliProcess.Run("deploy", "examples/prefill-decode.yaml", "--out", place).ExitCode);
        File.AppendAllText(files[0], "# mine\n");
        var again = CliProcess.Run("deploy", "examples/prefill-decode.yaml", "--out", place);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("is there already", again.Error, StringComparison.Ordinal);
        Assert.EndsWith("# mine\n", File.ReadAllText(files[0]), StringComparison.Ordinal);
        Assert.Equal(0, CliProcess.Run("deploy", "examples/prefill-decode.yaml", "--out", place, "--overwrite").ExitCode);
        Assert.False(File.ReadAllText(files[0]).EndsWith("# mine\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("deploy examples/chat-8xvllm.yaml --target commands --print", "names no model and no GPU")]
    [InlineData("deploy examples/prefill-decode.yaml --target kubernetes --print", "divide prompts and answers")]
    [InlineData("deploy examples/prefill-decode.yaml --target dynamoo --print", "did you mean dynamo?")]
    [InlineData("deploy examples/prefill-decode.yaml --target dynamo --print", "would print 2 files")]
    [InlineData("deploy examples/prefill-decode.yaml", "--out: is missing")]
    [InlineData("deploy examples/prefill-decode.yaml --print --out x", "contradicts --print")]
    [InlineData("deploy examples/prefill-decode.yaml --out README.md", "cannot be written")]
    [InlineData("scenario import examples/nothing.sh", "there is no such file")]
    [InlineData("scenario import README.md --gpu h100-sxm", "starts no engine")]
    public void Run_WhatCannotBeDone_SaysWhyAndEndsWithTwo(string line, string message)
    {
        var outcome = CliProcess.Run(line.Split(' '));
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public void Import_OfPrintedCommands_ReadsStandardInput()
    {
        var outcome = CliProcess.Shell("$F deploy examples/deepseek-v4-b300-sglang.yaml --target commands --print | $F scenario import -");
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Contains("model: deepseek-ai/DeepSeek-V4-Pro", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat on 8 vLLM replicas", "chat-on-8-vllm-replicas")]
    [InlineData("8xH100", "d-8xh100")]
    [InlineData("ÄÖ -- _", "deployment")]
    [InlineData("--a--", "a")]
    public void Of_AnyText_IsANameOfKubernetes(string text, string name) => Assert.Equal(name, KubernetesName.Of(text));

    [Fact]
    public void Unique_LongAndEqualTexts_StayApartAndShort()
    {
        var names = KubernetesName.Unique([new string('x', 90), new string('x', 91), "a b", "a-b", "A B"], 20);
        Assert.Equal(5, names.Distinct().Count());
        Assert.All(names, n => Assert.True(KubernetesName.IsGood(n) && n.Length <= 20, n));
    }
}
