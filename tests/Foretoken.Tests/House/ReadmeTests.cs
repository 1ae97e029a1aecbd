using System.Text.RegularExpressions;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.House;

/// <summary>The commands and the output that the README shows.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Repository.PathOf("README.md"));

    public static TheoryData<string> Commands => [.. Shown().Skip(1).Where(c => !c.Contains(".gz", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Command_InTheReadme_Runs(string command)
    {
        // What a command writes belongs into a folder of the test's own.
        using var folder = new TemporaryFolder();
        var outcome = CliProcess.Shell("$F " + command.Replace("--perfetto trace.json", "--perfetto " + folder.PathOf("trace.json"), StringComparison.Ordinal));
        Assert.True(outcome.ExitCode == 0, command + "\n" + outcome.Error);
    }

    [Fact]
    public void Output_InTheReadme_IsWhatTheMainJobPrints()
    {
        using var folder = new TemporaryFolder();
        var command = Shown().First();
        Assert.StartsWith("tune ", command, StringComparison.Ordinal);
        var outcome = CliProcess.Run([.. command.Split(' '), "--quiet", "--store", folder.PathOf("runs"), "--out", folder.PathOf("out")]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Show("output of the main job", outcome.Output, "\nFront:");
    }

    [Fact]
    public void Output_InTheReadme_IsWhatSimulatePrints() =>
        // The last paragraph is the simulator's own speed, which differs from machine to machine.
        Show("output of simulate", CliProcess.Run("simulate", "examples/chat-8xvllm.yaml", "--quiet").Output, "\nSimulator:");

    // The block under a mark is what was printed up to something.
    private static void Show(string mark, string printed, string until)
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var block = new Regex($"<!-- {mark} -->\n```text\n.*?```", RegexOptions.Singleline);
        Assert.Matches(block, readme);
        var shown = $"<!-- {mark} -->\n```text\n{printed[..printed.IndexOf(until, StringComparison.Ordinal)].Trim('\n')}\n```";
        Snapshot.MatchFile("README.md", block.Replace(readme, shown.Replace("$", "$$", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Shown() => CommandLine().Matches(Readme).Select(m => m.Groups[1].Value.Split('#')[0].Trim()).Distinct();

    [GeneratedRegex(@"^\./foretoken (.+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();
}
