using System.Diagnostics;

namespace Foretoken.Tests.Support;

/// <summary>Runs the built program as a process of its own, as a user would.</summary>
public static class CliProcess
{
    private static readonly string Program = Repository.PathOf("artifacts", "bin", "Foretoken.Cli", "release", "foretoken");

    // GNU env can; where it cannot, the tests must be started with SIGINT as it is by default.
    private static readonly Lazy<bool> CanResetSignals = new(() =>
    {
        using var process = Start(Repository.Root, "/bin/sh", ["-c", "/usr/bin/env --default-signal=INT true"]);
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    /// <summary>What a process left behind.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Runs to the end, in the repository's root.</summary>
    public static Outcome Run(params string[] arguments) => RunIn(Repository.Root, arguments);

    /// <summary>Runs to the end in a folder.</summary>
    public static Outcome RunIn(string folder, params string[] arguments)
    {
        using var process = Start(folder, Program, arguments);
        return Finish(process);
    }

    /// <summary>Runs a shell line in the repository's root, with the program as <c>$F</c>.</summary>
    public static Outcome Shell(string line)
    {
        using var process = Start(Repository.Root, "/bin/bash", ["-c", line], ("F", Program));
        return Finish(process);
    }

    /// <summary>
    /// Starts the program so that it can be interrupted: what a shell puts into the background ignores SIGINT, and so would
    /// every process below it.
    /// </summary>
    public static Process Start(params string[] arguments) => CanResetSignals.Value
        ? Start(Repository.Root, "/usr/bin/env", ["--default-signal=INT", Program, .. arguments])
        : Start(Repository.Root, Program, arguments);

    /// <summary>Waits for the end and collects what was written.</summary>
    public static Outcome Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!Task.WhenAll(error, output, process.WaitForExitAsync()).Wait(TimeSpan.FromMinutes(3)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException("the program did not end within three minutes");
        }

        return new Outcome(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static Process Start(string folder, string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
