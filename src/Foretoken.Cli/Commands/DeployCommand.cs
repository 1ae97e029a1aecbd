using System.CommandLine;
using Foretoken.Cli.Scenarios;
using Foretoken.Cli.Tuning;
using Foretoken.Deploy.Targets;
using Foretoken.Deploy.Writing;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken deploy</c>: a scenario as launch commands and manifests.</summary>
internal static class DeployCommand
{
    private const string All = "all";

    private static readonly string Names = string.Join(", ", DeployTargets.All.Select(t => t.Name));

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var scenario = new ScenarioOptions();
        var target = new Option<string>("--target") { Description = $"What to write: {Names}, several with commas between them, or {All}.", HelpName = "NAME", DefaultValueFactory = _ => All };
        var folder = new Option<string?>("--out") { Description = "Folder that the files are written into, those of each target in one of their own.", HelpName = "DIR" };
        var print = new Option<bool>("--print") { Description = "Print the file instead, where there is only one." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace files that are there with other content." };
        var candidate = new Option<int?>("--candidate") { Description = "Candidate of a stored study, whose id then stands in place of the scenario.", HelpName = "N" };
        var store = new Option<string>("--store") { Description = "Folder of the run store.", DefaultValueFactory = _ => RunsCommand.DefaultStore, HelpName = "DIR" };
        var command = new Command("deploy", "Write a scenario as launch commands and manifests, each checked against its public schema.") { target, folder, print, overwrite, candidate, store };
        scenario.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = parsed.GetValue(candidate) is { } number ? StoredCandidate.Load(parsed.GetValue(store)!, parsed.GetValue(scenario.File)!, number) : scenario.Load(parsed);
            return Run(file, Targets(parsed.GetValue(target)!), parsed.GetValue(target) == All, parsed.GetValue(folder), parsed.GetValue(print), parsed.GetValue(overwrite));
        });
        return command;
    }

    private static int Run(ScenarioFile file, IReadOnlyList<IDeployTarget> targets, bool isAll, string? folder, bool print, bool overwrite)
    {
        if (print == folder is not null)
        {
            throw new InputException("--out", print ? "contradicts --print" : "is missing", print ? "leave one of the two out" : "name a folder: --out deploy; or --print for a single file");
        }

        var skipped = new List<Problem>();
        var made = print ? DeployWriter.Plan(file.Model, targets, isAll ? skipped : null) : DeployWriter.Write(file.Model, targets, folder!, overwrite, isAll ? skipped : null);
        var files = made.SelectMany(t => t.Files.Select(f => (Path: $"{t.Target.Name}/{f.Path}", f.Text))).ToList();
        if (print && files.Count != 1)
        {
            throw new InputException("--print", $"would print {files.Count} files: {string.Join(", ", files.Select(f => f.Path))}", "name a target with one file, or write them: --out deploy");
        }

        foreach (var problem in skipped)
        {
            Console.Error.WriteLine($"left out: {problem}");
        }

        foreach (var (name, note) in made.SelectMany(t => t.Notes.Select(n => (t.Target.Name, n))).GroupBy(n => n.n).Select(g => (string.Join(", ", g.Select(n => n.Name)), g.Key)))
        {
            Console.Error.WriteLine($"warning: {name}: {note}");
        }

        Output.Write(print ? files[0].Text : string.Concat(files.Select(f => Path.Combine(folder!, f.Path) + "\n")));
        return ExitCodes.Ok;
    }

    private static IReadOnlyList<IDeployTarget> Targets(string written)
    {
        if (written == All)
        {
            return DeployTargets.All;
        }

        var names = written.Split(',', StringSplitOptions.TrimEntries);
        var problems = names.Where(n => DeployTargets.Find(n) is null)
            .Select(n => new Problem("--target", $"'{n}' is none", (NearestName.Find(n, DeployTargets.All.Select(t => t.Name)) is { } near ? $"did you mean {near}? " : "") + $"one of {Names}, {All}")).ToList();
        return problems.Count > 0 ? throw new InputException(problems) : [.. names.Distinct().Select(n => DeployTargets.Find(n)!)];
    }
}
