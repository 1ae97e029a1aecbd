using System.CommandLine;
using Foretoken.Cli.Reproductions;
using Foretoken.Cli.Simulation;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Reports.Reproductions;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken reproduce</c>: plays published findings again and prints them beside ours.</summary>
internal sealed class ReproduceCommand
{
    private readonly Argument<string[]> _names = new("NAME") { Description = "Reproductions by name or folder, or 'all'.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _list = new("--list") { Description = "List what there is, and which data it needs." };
    private readonly Option<string?> _from = new("--from") { Description = "Folder of reproductions (examples/reproductions).", HelpName = "FOLDER" };
    private readonly Option<string[]> _data = new("--data") { Description = "Folder with data files that are not shipped, such as published traces. Repeatable.", HelpName = "FOLDER", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _json = new("--json") { Description = "Write everything into this file, as JSON.", HelpName = "FILE" };
    private readonly Option<string?> _csv = new("--csv") { Description = "Write the figures into this file, as CSV.", HelpName = "FILE" };
    private readonly Option<string?> _html = new("--html") { Description = "Write a page with the figures, and with every table as a chart.", HelpName = "FILE" };
    private readonly Option<int> _threads = new("--threads") { Description = "Runs at a time. The results do not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount, HelpName = "N" };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no remarks on standard error." };

    public static Command Create()
    {
        var reproduce = new ReproduceCommand();
        var command = new Command("reproduce", "Play published findings again and print them beside ours.")
        {
            reproduce._names, reproduce._list, reproduce._from, reproduce._data, reproduce._json, reproduce._csv, reproduce._html, reproduce._threads, reproduce._quiet,
        };
        command.SetAction(reproduce.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var library = parsed.GetValue(_from) ?? ReproductionLibrary.Find();
        var names = parsed.GetValue(_names) ?? [];
        var threads = parsed.GetValue(_threads);
        if (threads is < 1 or > 1024)
        {
            throw new InputException("--threads", $"is {threads}", "1 to 1024");
        }

        if (parsed.GetValue(_list))
        {
            List(library);
            return ExitCodes.Ok;
        }

        if (names.Length == 0)
        {
            throw new InputException("reproduce", "no reproduction is named", "name one of 'foretoken reproduce --list', or all");
        }

        return Play(parsed, library, names, threads);
    }

    private int Play(ParseResult parsed, string library, string[] names, int threads)
    {
        var all = names.Contains("all");
        var data = parsed.GetValue(_data) ?? [];
        var chosen = Load(all ? ReproductionLibrary.Names(library) : names, library);
        var playable = new List<(Reproduction Reproduction, string Folder)>();
        foreach (var (reproduction, folder) in chosen)
        {
            var lacking = reproduction.Files.Where(f => ReproductionLibrary.Locate(f.Name, folder, data) is null).ToList();
            if (lacking.Count == 0)
            {
                playable.Add((reproduction, folder));
            }
            else if (all)
            {
                Console.Error.WriteLine($"{reproduction.Name}: left out: {Fetch(lacking)}");
            }
            else
            {
                throw new InputException(reproduction.Name, $"needs {string.Join(", ", lacking.Select(f => f.Name))}", Fetch(lacking));
            }
        }

        // From here on a signal is answered; and places are opened before the work, so that a mistyped one costs nothing.
        using var stop = new StopOnSignal();
        using var json = parsed.GetValue(_json) is { } jsonPath ? NewFile.Create(jsonPath) : null;
        using var csv = parsed.GetValue(_csv) is { } csvPath ? NewFile.Create(csvPath) : null;
        using var html = parsed.GetValue(_html) is { } htmlPath ? NewFile.Create(htmlPath) : null;
        var progress = new RowProgress(playable.Sum(p => p.Reproduction.Runs.Count), Console.Error, !parsed.GetValue(_quiet), !Console.IsErrorRedirected);
        var results = new List<ReproductionResult>();
        try
        {
            var before = 0;
            foreach (var (reproduction, folder) in playable)
            {
                var runner = new ReproductionRunner(threads, n => progress.Update(before + n), stop.Token);
                results.Add(runner.Run(reproduction, file => ReproductionLibrary.Locate(file, folder, data)!));
                before += reproduction.Runs.Count;
            }
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            Console.Error.WriteLine("interrupted: nothing was written");
            return ExitCodes.Interrupted;
        }

        progress.Clear();
        json?.Write(to => ReproductionFiles.WriteJson(results, to));
        csv?.Write(to => ReproductionFiles.WriteCsv(results, to));
        html?.Write(to => ReproductionPage.Write(results, to));
        json?.Commit();
        csv?.Commit();
        html?.Commit();
        Output.Write(() =>
        {
            ReproductionReport.Write(results, Console.Out, Screen.Width, Screen.HasColour);
            Console.Out.Flush();
        });
        return ExitCodes.Ok;
    }

    private static string Fetch(List<(string Name, string From)> files) =>
        "fetch " + string.Join(" and ", files.Select(f => $"{f.Name} from {f.From}")) + ", and say --data with its folder";

    private static List<(Reproduction Reproduction, string Folder)> Load(IReadOnlyList<string> names, string library)
    {
        var problems = new List<Problem>();
        var loaded = new List<(Reproduction, string)>();
        foreach (var name in names)
        {
            try
            {
                var folder = ReproductionLibrary.Folder(name, library);
                loaded.Add((ReproductionFile.Load(folder), folder));
            }
            catch (InputException e)
            {
                problems.AddRange(e.Problems);
            }
        }

        return problems.Count == 0 ? loaded : throw new InputException(problems);
    }

    private static void List(string library)
    {
        var loaded = Load(ReproductionLibrary.Names(library), library);
        var width = loaded.Max(l => l.Reproduction.Name.Length);
        Output.Write(string.Concat(loaded.Select(l =>
            $"{l.Reproduction.Name.PadRight(width)}  {l.Reproduction.Title} ({l.Reproduction.Runs.Count} {(l.Reproduction.Runs.Count == 1 ? "run" : "runs")}{(l.Reproduction.Files.Count > 0 ? "; needs " + string.Join(", ", l.Reproduction.Files.Select(f => f.Name)) : "")})\n")));
    }
}
