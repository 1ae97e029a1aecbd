using System.CommandLine;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli;

/// <summary>What is said about a command line that cannot be understood.</summary>
internal static class UsageErrors
{
    /// <summary>Writes every problem and where help is to be found.</summary>
    public static void Write(ParseResult parsed, TextWriter to)
    {
        var command = parsed.CommandResult.Command;
        var unmatched = parsed.UnmatchedTokens;
        if (unmatched.Count == 0 && command.Subcommands.Count > 0)
        {
            to.WriteLine($"error: which command? One of {string.Join(", ", command.Subcommands.Select(c => c.Name))}");
        }
        else if (unmatched.Count > 0 && Suggest(command, unmatched[0]) is var suggestion)
        {
            to.WriteLine($"error: '{unmatched[0]}' is not known here{suggestion}");
        }
        else
        {
            foreach (var error in parsed.Errors)
            {
                to.WriteLine($"error: {error.Message}");
            }
        }

        to.WriteLine($"Run '{Path(parsed)} --help' for what it takes.");
    }

    private static string Suggest(Command command, string written)
    {
        var names = written.StartsWith('-') ? command.Options.Select(o => o.Name) : command.Subcommands.Select(c => c.Name);
        return NearestName.Find(written, names) is { } name ? $" (did you mean {name}?)" : "";
    }

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is System.CommandLine.Parsing.CommandResult command; at = at.Parent)
        {
            names.Insert(0, command.Command is RootCommand ? "foretoken" : command.Command.Name);
        }

        return string.Join(' ', names);
    }
}
