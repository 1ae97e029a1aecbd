using System.CommandLine;
using Foretoken.Accuracy.Fitting;
using Foretoken.Accuracy.Silicon;
using Foretoken.Accuracy.Statistics;
using Foretoken.Cli.Simulation;
using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Silicon;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken fit silicon</c>: the calibration of step times and front ends, from measured servers.</summary>
internal sealed class FitSiliconCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "Measured servers as 'validate silicon' reads them (docs/accuracy.md)." };
    private readonly Option<string> _out = new("--out") { Description = "File for the calibration, as JSON.", HelpName = "FILE", Required = true };
    private readonly Option<string?> _start = new("--start") { Description = "Calibration to start from, which overheads are pulled to. Default: the built-in one.", HelpName = "FILE" };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Gauss-Newton steps at most.", DefaultValueFactory = _ => 3, HelpName = "N" };
    private readonly Option<int> _folds = new("--folds") { Description = "Parts of the cross-validation over groups of model and GPU; 0 for none.", DefaultValueFactory = _ => 8, HelpName = "N" };
    private readonly Option<int> _threads = new("--threads") { Description = "Runs at a time. The result does not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount, HelpName = "N" };
    private readonly Option<long> _seed = new("--seed") { Description = "Seed of the clients' random lengths.", DefaultValueFactory = _ => 1, HelpName = "N" };

    public static Command Create()
    {
        var fit = new FitSiliconCommand();
        var command = new Command("silicon", "Fit step-time overheads, factors and front-end times to measured servers; reports errors in and out of sample. Takes about fifteen minutes for a thousand rows on two cores.")
        {
            fit._file, fit._out, fit._start, fit._rounds, fit._folds, fit._threads, fit._seed,
        };
        command.SetAction(fit.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var problems = new List<Problem>();
        void Range(Option<int> option, int least, int most)
        {
            if (parsed.GetValue(option) is var value && (value < least || value > most))
            {
                problems.Add(new(option.Name, $"is {value}", $"{least} to {most}"));
            }
        }

        Range(_rounds, 0, 100);
        Range(_folds, 0, 100);
        Range(_threads, 1, 1024);
        if (parsed.GetValue(_seed) < 0)
        {
            problems.Add(new("--seed", "is negative", "a whole number of at least 0"));
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var path = parsed.GetValue(_file)!;
        var start = parsed.GetValue(_start) is { } from ? CalibrationJson.Read(InputText.Read(from, r => r.ReadToEnd()), from) : Calibration.BuiltIn;
        var rows = InputText.Read(path, r => SiliconFile.Read(path, r)).Rows;
        if (rows.Count == 0)
        {
            throw new InputException(path, "has no closed-loop points", "load stages are too few to fit; use them to check");
        }

        using var file = NewFile.Create(parsed.GetValue(_out)!);
        using var stop = new StopOnSignal();
        FitOutcome outcome;
        SiliconFitting fitting;
        try
        {
            fitting = new SiliconFitting(rows, (ulong)parsed.GetValue(_seed), parsed.GetValue(_threads), stop.Token);
            outcome = fitting.Run(start, parsed.GetValue(_rounds), parsed.GetValue(_folds), Console.Error.WriteLine);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted: nothing was written");
            return ExitCodes.Interrupted;
        }

        file.Write(to =>
        {
            using var text = new StreamWriter(to, leaveOpen: true);
            CalibrationJson.Write(outcome.Calibration, text);
        });
        file.Commit();
        Output.Write(() =>
        {
            if (outcome.CrossValidated.Count > 0)
            {
                Console.Out.WriteLine("cross-validated: " + Line(fitting.Rows, outcome.CrossValidated));
            }

            Console.Out.WriteLine("fitted: " + Line(fitting.Rows, outcome.Fitted));
            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }

    private static string Line(IReadOnlyList<SiliconRow> rows, IReadOnlyList<FitPrediction> predictions) => SiliconReport.LastLine(
        ErrorStatistics.Of(rows.Select((r, i) => ErrorStatistics.Error(predictions[i].TpotMs, r.TpotMs))),
        ErrorStatistics.Of(rows.Select((r, i) => ErrorStatistics.Error(predictions[i].TtftMs, r.TtftMs))));
}
