using System.CommandLine;

namespace Foretoken.Cli.Commands;

/// <summary>Every top-level command, one line each.</summary>
public static class CommandList
{
    /// <summary>Creates the commands in the order in which help lists them.</summary>
    public static IEnumerable<Command> Create()
    {
        yield return SimulateCommand.Create();
        yield return TuneCommand.Create();
        yield return RunsCommand.Create();
        yield return ReproduceCommand.Create();
        yield return ScenarioCommand.Create();
        yield return TraceCommand.Create();
        yield return ValidateCommand.Create();
        yield return FitCommand.Create();
        yield return DeployCommand.Create();
        yield return GpusCommand.Create();
        yield return PricesCommand.Create();
        yield return ModelsCommand.Create();
        yield return OpTablesCommand.Create();
    }
}
