using System.Text.RegularExpressions;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Store;
using Xunit;

namespace Foretoken.Tests.Cli;

/// <summary><c>foretoken tune</c> as a process that is stopped in the middle: what it kept, and what it ends with.</summary>
public sealed class TuneStoreTests : IDisposable
{
    private static readonly string[] Study = ["tune", "examples/tune-chat-16xh100.yaml", "--set", "workload.requests=600", "--quiet"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Resume_AfterKillAndInterrupt_EndsWithTheSameResult()
    {
        var whole = CliProcess.Run([.. Study, "--candidates", "48", "--store", _folder.PathOf("whole"), "--threads", "1", "--json"]);
        Assert.True(whole.ExitCode is 0 or 3, whole.Error);

        string[] again = [.. Study, "--candidates", "48", "--store", _folder.PathOf("cut"), "--json"];
        using (var killed = CliProcess.Start(again))
        {
            await RunsOf(_folder.PathOf("cut"), 10);
            killed.Kill();
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var known = await RunsOf(_folder.PathOf("cut"), 10);
        using (var interrupted = CliProcess.Start([.. again, "--resume"]))
        {
            await RunsOf(_folder.PathOf("cut"), known + 5);
            using var signal = System.Diagnostics.Process.Start("/bin/kill", ["-INT", interrupted.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            var outcome = CliProcess.Finish(interrupted);
            Assert.Equal((130, ""), (outcome.ExitCode, outcome.Output));
            Assert.Matches(@"^interrupted: \d+ runs are kept; the same command with --resume chat-on-16-h100-1 goes on\n$", outcome.Error);
        }

        var resumed = CliProcess.Run([.. again, "--resume"]);
        Assert.Equal((whole.ExitCode, ""), (resumed.ExitCode, resumed.Error));
        Assert.Equal(WithoutClock(whole.Output), WithoutClock(resumed.Output));
        var folder = Path.Combine(_folder.PathOf("cut"), "chat-on-16-h100-1");
        Assert.Equal(["candidates.csv", "report.html", "tuning.json"], Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal(resumed.Output, await File.ReadAllTextAsync(Path.Combine(folder, "tuning.json"), TestContext.Current.CancellationToken));

        var more = CliProcess.Run([.. again, "--resume"]);
        Assert.Equal(2, more.ExitCode);
        Assert.Contains("chat-on-16-h100-1 is the same study and finished", more.Error, StringComparison.Ordinal);
        var other = CliProcess.Run([.. again, "--resume", "--seed", "2"]);
        Assert.Equal(2, other.ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sleep 0.02;")]
    public async Task Interrupt_SecondSignalRightAfterTheFirst_StillSaysOnceHowToGoOn(string between)
    {
        using var process = CliProcess.Start([.. Study, "--store", _folder.PathOf("twice"), "--candidates", "2000"]);
        await RunsOf(_folder.PathOf("twice"), 5);
        using var signals = System.Diagnostics.Process.Start("/bin/sh", ["-c", $"kill -INT {process.Id}; {between} kill -INT {process.Id} 2>/dev/null; kill -INT {process.Id} 2>/dev/null"]);
        var outcome = CliProcess.Finish(process);
        Assert.Equal((130, ""), (outcome.ExitCode, outcome.Output));
        Assert.Matches(@"^interrupted: \d+ runs are kept; the same command with --resume chat-on-16-h100-1 goes on\n$", outcome.Error);
    }

    private static string WithoutClock(string json) => Regex.Replace(json, "\"wall_clock\": \\{[^}]*\\}", "");

    // Waits until a study of the store has that many runs.
    private static async Task<int> RunsOf(string folder, int least)
    {
        for (var waited = 0; waited < 3000; waited++)
        {
            if (File.Exists(Path.Combine(folder, "runs.db")))
            {
                using var store = RunStore.Open(folder);
                if (store.List() is [var study] && study.Evaluations >= least)
                {
                    return (int)study.Evaluations;
                }
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"the study never had {least} runs");
    }
}
