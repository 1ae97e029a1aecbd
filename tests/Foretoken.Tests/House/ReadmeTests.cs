using System.Text.RegularExpressions;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.House;

/// <summary>The commands and the output that the README shows.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Repository.PathOf("README.md"));

    public static TheoryData<string> Commands => [.. Shown().Where(c => !c.Contains(".gz", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Command_InTheReadme_Runs(string command)
    {
        // What a command writes belongs into a folder of the test's own.
        using var folder = new TemporaryFolder();
        var store = command.StartsWith("tune ", StringComparison.Ordinal) ? $" --store {folder.PathOf("runs")}" : "";
        var outcome = CliProcess.Shell("$F " + command.Replace("--perfetto trace.json", "--perfetto " + folder.PathOf("trace.json"), StringComparison.Ordinal) + store);
        Assert.True(outcome.ExitCode == 0, command + "\n" + outcome.Error);
    }

    [Fact]
    public void Output_InTheReadme_IsWhatTheMainJobPrints()
    {
        Assert.Matches(OutputBlock(), Readme);
        var printed = CliProcess.Run("simulate", "examples/chat-8xvllm.yaml", "--quiet").Output;

        // The last paragraph is the simulator's own speed, which differs from machine to machine.
        var block = $"<!-- output of the main job -->\n```text\n{printed[..printed.IndexOf("\nSimulator:", StringComparison.Ordinal)].Trim('\n')}\n```";
        Snapshot.MatchFile("README.md", OutputBlock().Replace(Readme, block.Replace("$", "$$", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Shown() => CommandLine().Matches(Readme).Select(m => m.Groups[1].Value.Split('#')[0].Trim()).Distinct();

    [GeneratedRegex(@"^\./foretoken (.+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"<!-- output of the main job -->\n```text\n.*?```", RegexOptions.Singleline)]
    private static partial Regex OutputBlock();
}
