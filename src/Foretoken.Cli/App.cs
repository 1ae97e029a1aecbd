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
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"error: {error.Message}").ConfigureAwait(false);
            }

            await Console.Error.WriteLineAsync("Run 'foretoken --help' for the commands and their options.").ConfigureAwait(false);
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
    }
}
