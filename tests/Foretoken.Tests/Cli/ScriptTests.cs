using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Cli;

/// <summary>
/// The program as <c>./foretoken</c> starts it: trimmed and compiled ahead of time, so these few tests look for what only
/// that can break. <c>./test</c> builds it beforehand.
/// </summary>
public sealed class ScriptTests
{
    [Fact]
    public void Foretoken_ThroughALinkFromElsewhere_Starts()
    {
        RequireBuilt();
        var outcome = CliProcess.Shell("d=$(mktemp -d) && ln -s \"$PWD/foretoken\" $d/ft && cd / && $d/ft --version; c=$?; rm -r $d; exit $c");
        Assert.Equal("", outcome.Error);
        Assert.Equal("0.1.0\n", outcome.Output);
        Assert.Equal(0, outcome.ExitCode);
    }

    [Theory]
    [InlineData("simulate examples/closed-loop.yaml --json --quiet | sed '/wall_clock/,$d'")]
    [InlineData("scenario explain examples/small-cache.yaml")]
    [InlineData("scenario schema")]
    [InlineData("scenario validate examples/nothing.yaml 2>&1")]
    [InlineData("trace --help")]
    public void Foretoken_Trimmed_DoesTheSameAsTheBuild(string command)
    {
        RequireBuilt();
        Assert.Equal(CliProcess.Shell("$F " + command).Output, CliProcess.Shell("./foretoken " + command).Output);
    }

    [Fact]
    public void Scripts_Shell_IsWellFormed() => Assert.Equal(0, CliProcess.Shell("bash -n foretoken && bash -n test && bash -n eng/setup.sh && bash -n .ci/run").ExitCode);

    private static void RequireBuilt() =>
        Assert.SkipUnless(File.Exists(Repository.PathOf("artifacts", "app", "foretoken")), "./foretoken was not built yet: run it (or ./test) once");
}
