using System.Text.Json;
using Foretoken.Tests.Accuracy;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class ValidateSiliconTests
{
    [Fact]
    public void Silicon_TinyFile_WritesBothFilesWithARowEach()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("m.csv"), Measurements.Points);
        var result = CliProcess.Run("validate", "silicon", folder.PathOf("m.csv"), "--csv", folder.PathOf("out.csv"), "--json", folder.PathOf("out.json"), "--threads", "1");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Error);
        Assert.StartsWith("rows 4 | tpot median ", result.Output.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
        var csv = File.ReadAllLines(folder.PathOf("out.csv"));
        Assert.Equal(7, csv.Length);
        Assert.All(csv, l => Assert.True(l.Split(',').Length >= csv[0].Split(',').Length));
        using var json = JsonDocument.Parse(File.ReadAllText(folder.PathOf("out.json")));
        Assert.Equal(["a", "b", "c", "d", "e", "f"], json.RootElement.EnumerateArray().Select(r => r.GetProperty("id").GetString()));
        Assert.Equal(JsonValueKind.Null, json.RootElement[4].GetProperty("predicted_tpot_ms").ValueKind);
        Assert.Contains("does not fit", json.RootElement[4].GetProperty("not_simulated_because").GetString(), StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Theory]
    [InlineData("id,prefill_workers\na,1\n", "lacks the column")]
    [InlineData(Measurements.PointHeader + "\na,b\n", "m.csv:2")]
    public void Silicon_UnusableFile_ExitsWithTwoAndLeavesNothing(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("m.csv"), text);
        var result = CliProcess.Run("validate", "silicon", folder.PathOf("m.csv"), "--csv", folder.PathOf("out.csv"));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Silicon_Interrupted_StopsAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("m.csv"), Measurements.Points.Replace(",4,40,", ",4,90000000,", StringComparison.Ordinal));
        using var process = CliProcess.Start("validate", "silicon", folder.PathOf("m.csv"), "--csv", folder.PathOf("out.csv"));

        // The temporary file says that signals are answered.
        Assert.True(SpinWait.SpinUntil(() => Directory.GetFiles(folder.Path).Length > 1, TimeSpan.FromMinutes(1)));
        using var kill = System.Diagnostics.Process.Start("/bin/kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var outcome = CliProcess.Finish(process);
        Assert.Equal((130, ""), (outcome.ExitCode, outcome.Output));
        Assert.Contains("interrupted", outcome.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Silicon_BadOptionsAndNoFile_AreAllTold()
    {
        var result = CliProcess.Run("validate", "silicon", "nowhere.csv", "--threads", "0", "--seed", "-1");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--threads", result.Error, StringComparison.Ordinal);
        Assert.Contains("--seed", result.Error, StringComparison.Ordinal);
        var missing = CliProcess.Run("validate", "silicon", "nowhere.csv");
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("there is no such file", missing.Error, StringComparison.Ordinal);
    }
}
