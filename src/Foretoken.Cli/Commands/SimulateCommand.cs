using System.CommandLine;
using System.Diagnostics;
using Foretoken.Metrics.Slo;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Simulation;
using Foretoken.Quantities;
using Foretoken.Reports;
using Foretoken.Reports.Json;
using Foretoken.Metrics.Summaries;
using Foretoken.Reports.Terminal;
using Foretoken.Twin;
using Foretoken.Twin.Results;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken simulate</c>: the main job.</summary>
internal sealed class SimulateCommand
{
    private readonly ScenarioOptions _scenario = new();

    private readonly Option<string?> _report = new("--report")
    {
        Description = "Write summary.json, requests.jsonl, requests.csv and report.html into this folder.",
        HelpName = "DIR",
    };

    private readonly ListenOptions _listen = new();

    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON instead of a table." };

    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no remarks on standard error." };

    public static Command Create()
    {
        var simulate = new SimulateCommand();
        var command = new Command("simulate", "Run a scenario in virtual time and print what came out.");
        simulate._scenario.AddTo(command);
        command.Add(simulate._report);
        simulate._listen.AddTo(command);
        command.Add(simulate._json);
        command.Add(simulate._quiet);
        command.SetAction(simulate.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var started = Stopwatch.GetTimestamp();
        using var interruption = new Interruption();
        var file = _scenario.Load(parsed);
        var place = parsed.GetValue(_report) is { } folder ? ReportPlace.Prepare(folder) : null;
        var finished = false;
        try
        {
            var exitCode = Run(parsed, file, place, interruption, started);
            finished = true;
            return exitCode;
        }
        catch (InvariantException e)
        {
            e.Repeat = CommandLine.Quote(["foretoken", .. parsed.Tokens.Select(t => t.Value)]);
            throw;
        }
        finally
        {
            if (!finished)
            {
                place?.Abandon();
            }
        }
    }

    private int Run(ParseResult parsed, ScenarioFile file, ReportPlace? place, Interruption interruption, long started)
    {
        var quiet = parsed.GetValue(_quiet);
        using var prepared = PlanBuilder.Build(file);
        using var listening = _listen.Prepare(parsed, prepared.Plan, file.Model.Name);
        var plan = prepared.Plan with { Trace = listening.Trace };
        if (!quiet)
        {
            Console.Error.Write(prepared.Notes);
        }

        var control = new RunControl();
        interruption.Watch(control);
        var progress = quiet ? null : new ProgressLine(control, prepared.Plan.Source.Count, Console.Error, !Console.IsErrorRedirected);
        var setUp = Stopwatch.GetElapsedTime(started);
        var runStarted = Stopwatch.GetTimestamp();
        var result = RunOnThread.Run(plan, control, () => progress?.Update());
        var runTime = Stopwatch.GetElapsedTime(runStarted);
        progress?.Clear();
        if (!quiet)
        {
            prepared.Reader?.Report(Console.Error);
            if (result.StopReason == StopReason.Interrupted)
            {
                Console.Error.WriteLine("interrupted: summing up what was finished");
            }
        }

        var summary = listening.Complete(SummaryBuilder.Build(result, Context(file, setUp, runTime)), quiet ? null : Console.Error);
        if (place is not null)
        {
            var written = ReportFolder.Write(place.Folder, result, summary);
            if (!quiet)
            {
                Console.Error.WriteLine($"wrote {string.Join(", ", written)}");
            }
        }

        Print(summary, parsed.GetValue(_json));
        return result.StopReason == StopReason.Interrupted ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    private static SummaryContext Context(ScenarioFile file, TimeSpan setUp, TimeSpan run) => new()
    {
        ScenarioName = file.Model.Name,
        ScenarioPath = file.Path,
        Settings = [.. ScenarioText.Rows(file).Select(row => new KeyValuePair<string, string>(row.Path, row.Value))],
        Headline = DeploymentText.Headline(file),
        Notes = DeploymentText.Notes(file),
        Seed = file.Model.Seed,
        Version = ProgramVersion.Text,
        GpusPerReplica = file.Model.GpusPerReplica,
        Slo = SloMapping.ToSpec(file.Model.Slo),
        SetUpTime = setUp,
        RunTime = run,
    };

    private static void Print(RunSummary summary, bool json) => Output.Write(() =>
    {
        if (json)
        {
            using var stdout = Console.OpenStandardOutput();
            using var buffer = new BufferedStream(stdout, 1 << 16);
            SummaryJson.Write(summary, buffer);
        }
        else
        {
            TerminalReport.WriteToConsole(summary);
        }
    });
}
