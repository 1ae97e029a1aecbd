using System.CommandLine;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken fit</c>: makes what the twin takes from measurements out of measurements.</summary>
internal static class FitCommand
{
    public static Command Create() => new("fit", "Fit what the twin assumes to measurements, repeatably.") { FitSiliconCommand.Create() };
}
