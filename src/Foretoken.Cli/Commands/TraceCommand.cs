using System.CommandLine;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken trace</c>: everything that reads or makes traces.</summary>
internal static class TraceCommand
{
    public static Command Create()
    {
        var command = new Command("trace", "Inspect, convert, synthesize and fit request traces.");
        foreach (var sub in SubCommands())
        {
            command.Add(sub);
        }

        return command;
    }

    /// <summary>One line per subcommand, in the order in which help lists them.</summary>
    private static IEnumerable<Command> SubCommands()
    {
        yield return TraceInspectCommand.Create();
        yield return TraceConvertCommand.Create();
        yield return TraceSynthesizeCommand.Create();
        yield return TraceFitCommand.Create();
    }
}
