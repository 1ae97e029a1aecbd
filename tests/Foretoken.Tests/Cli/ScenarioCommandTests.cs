using System.Diagnostics;
using Foretoken.Cli;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

public sealed class ScenarioCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Validate_Study_LooksAtWhatMayBeChosen()
    {
        var (code, output, errors) = await Validate(Repository.PathOf("examples", "tune-chat-16xh100.yaml"));
        Assert.Equal((ExitCodes.Ok, ""), (code, errors));
        Assert.Contains("good; a study of ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_MistakesInTheSection_AreAllTold()
    {
        var path = _folder.PathOf("study.yaml");
        File.WriteAllText(path, File.ReadAllText(Repository.PathOf("examples", "tune-chat-16xh100.yaml")) + "  goal_: x\n  slo: [p95 ttft<800]\n  search: best\n  engines: [vllm, vllm]\n");
        var (code, _, errors) = await Validate(path, "--set", "seed=-1");
        Assert.Equal(ExitCodes.BadInput, code);
        Assert.All(new[] { "tune.goal_", "'800' in 'p95 ttft<800' has no unit", "tune.search", "has vllm twice", "seed" }, expected => Assert.Contains(expected, errors, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(int Code, string Output, string Errors)> Validate(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "foretoken.dll"), "scenario", "validate", .. arguments])
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
}
