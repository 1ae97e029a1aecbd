using System.CommandLine;
using Foretoken.Accuracy.Silicon;
using Foretoken.Cli.Simulation;
using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Silicon;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken validate silicon</c>: predicts measured servers and says how wrong the predictions are.</summary>
internal sealed class ValidateSiliconCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "Measurements as CSV: single servers or prefill and decode workers in a closed loop, or open-loop load stages. The layout is recognised by the columns (docs/accuracy.md)." };
    private readonly Option<string?> _json = new("--json") { Description = "Write every row's measured and predicted times, errors and reasons into this file, as JSON.", HelpName = "FILE" };
    private readonly Option<string?> _csv = new("--csv") { Description = "The same as CSV.", HelpName = "FILE" };
    private readonly Option<int> _threads = new("--threads") { Description = "Runs at a time. The results do not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount, HelpName = "N" };
    private readonly Option<long> _seed = new("--seed") { Description = "Seed of the clients' random lengths and arrivals.", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<string?> _calibration = new("--calibration") { Description = "Calibration of step times that 'foretoken fit silicon' wrote, instead of the built-in one.", HelpName = "FILE" };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no remarks on standard error." };

    public static Command Create()
    {
        var silicon = new ValidateSiliconCommand();
        var command = new Command("silicon", "Predict measured servers from model, GPU and engine alone, and tell how far off that is.") { silicon._file, silicon._json, silicon._csv, silicon._threads, silicon._seed, silicon._calibration, silicon._quiet };
        command.SetAction(silicon.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var problems = new List<Problem>();
        var threads = parsed.GetValue(_threads);
        if (threads is < 1 or > 1024)
        {
            problems.Add(new("--threads", $"is {threads}", "1 to 1024"));
        }

        if (parsed.GetValue(_seed) < 0)
        {
            problems.Add(new("--seed", "is negative", "a whole number of at least 0"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var path = parsed.GetValue(_file)!;
        var calibration = parsed.GetValue(_calibration) is { } calibrationPath ? CalibrationJson.Read(InputText.Read(calibrationPath, r => r.ReadToEnd()), calibrationPath) : null;
        var file = InputText.Read(path, r => SiliconFile.Read(path, r));
        var quiet = parsed.GetValue(_quiet);
        if (!quiet)
        {
            foreach (var note in file.Notes)
            {
                Console.Error.WriteLine(note);
            }
        }

        // From here on a signal is answered; and places are opened before the work, so that a mistyped one costs nothing.
        using var stop = new StopOnSignal();
        using var json = parsed.GetValue(_json) is { } jsonPath ? NewFile.Create(jsonPath) : null;
        using var csv = parsed.GetValue(_csv) is { } csvPath ? NewFile.Create(csvPath) : null;
        var total = file.Rows.Count + file.Disaggregated.Count + file.Stages.Select(s => s.Variant).Distinct().Count();
        var progress = new RowProgress(total, Console.Error, !quiet, !Console.IsErrorRedirected);
        var seed = (ulong)parsed.GetValue(_seed);
        IReadOnlyList<SiliconOutcome> points;
        IReadOnlyList<LoadStageOutcome> stages;
        try
        {
            points = file.Rows.Count == 0 ? [] : new SiliconSuite(file.Rows).Run(calibration, threads, seed, progress.Update, stop.Token);
            points = file.Disaggregated.Count == 0 ? points : SiliconSuite.RunDisaggregated(file.Disaggregated, calibration, threads, seed, progress.Update, stop.Token);
            stages = file.Stages.Count == 0 ? [] : SiliconSuite.RunStages(file.Stages, calibration, threads, seed, progress.Update, stop.Token);
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            Console.Error.WriteLine("interrupted: nothing was written");
            return ExitCodes.Interrupted;
        }

        progress.Clear();
        json?.Write(to => SiliconFiles.WriteJson(points, stages, to));
        csv?.Write(to => SiliconFiles.WriteCsv(points, stages, to));
        json?.Commit();
        csv?.Commit();
        Output.Write(() =>
        {
            if (stages.Count > 0)
            {
                SiliconReport.Write(stages, Console.Out, Screen.Width);
            }
            else
            {
                SiliconReport.Write(points, Console.Out, Screen.Width);
            }

            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }
}
