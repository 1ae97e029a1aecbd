using System.CommandLine;
using Foretoken.Quantities;

namespace Foretoken.Cli;

/// <summary>The command line: builds the command tree, runs it, and turns every failure into a clear line and an exit code.</summary>
public static class App
{
    /// <summary>Runs one command line and returns the exit code. Never throws.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Foretoken: the digital twin and tuner for LLM inference.");
        foreach (var command in Commands.CommandList.Create())
        {
            root.Add(command);
        }

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            UsageErrors.Write(parsed, Console.Error);
            return ExitCodes.BadInput;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }).ConfigureAwait(false);
        }
        catch (InputException e)
        {
            foreach (var problem in e.Problems)
            {
                await Console.Error.WriteLineAsync($"error: {problem}").ConfigureAwait(false);
            }

            return ExitCodes.BadInput;
        }
        catch (InvariantException e)
        {
            await Console.Error.WriteLineAsync($"bug: {e.Message}").ConfigureAwait(false);
            if (e.Repeat is not null)
            {
                await Console.Error.WriteLineAsync($"repeat with: {e.Repeat}").ConfigureAwait(false);
            }

            return ExitCodes.Bug;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("FORETOKEN_STACK") is null)
        {
            // Nobody foresaw it, so it is a bug. A user is told how to show it again; FORETOKEN_STACK=1 lets the stack through.
            await Console.Error.WriteLineAsync($"bug: {e.GetType().Name}: {e.Message}").ConfigureAwait(false);
            await Console.Error.WriteLineAsync($"repeat with: FORETOKEN_STACK=1 {CommandLine.Quote(["foretoken", .. args])}").ConfigureAwait(false);
            return ExitCodes.Bug;
        }
    }
}
