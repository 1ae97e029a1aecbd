using System.CommandLine;
using Foretoken.Cli.Scenarios;
using Foretoken.Deploy.Import;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken scenario import</c>: launch commands and manifests as a scenario.</summary>
internal static class ScenarioImportCommand
{
    private const string StandardInput = "-";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Launch commands (shell), DynamoGraphDeployment, LLMInferenceService, Deployments, or values of llm-d's or production-stack's chart; - for standard input. Several that belong together.",
            Arity = ArgumentArity.OneOrMore,
        };
        var gpu = new Option<string?>("--gpu") { Description = "GPU, where the artefact does not say it: a name of 'foretoken gpus'.", HelpName = "NAME" };
        var version = new Option<string?>("--engine-version") { Description = "Release of the engine, where the artefact does not say it; otherwise newest.", HelpName = "RELEASE" };
        var model = new Option<string?>("--model") { Description = "Model, instead of the artefact's: a name of 'foretoken models', or the path of a config.json.", HelpName = "NAME" };
        var command = new Command("import", "Write the scenario of a deployment that there is already; what was not understood is told with its place.") { files, gpu, version, model };
        command.SetAction(parsed =>
        {
            var choices = new ImportChoices(parsed.GetValue(gpu), parsed.GetValue(version), parsed.GetValue(model));
            return Run(parsed.GetRequiredValue(files), choices);
        });
        return command;
    }

    private static int Run(IReadOnlyList<string> files, ImportChoices choices)
    {
        var texts = files.Select(f => f == StandardInput ? ("standard input", Console.In.ReadToEnd()) : (f, ScenarioFile.ReadText(f))).ToList();
        var library = ScenarioLibrary.For("", null);
        var result = ArtefactReader.Read(texts, choices, Context, library);
        foreach (var warning in result.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        // Out with it even where it does not hold yet: it is easier to correct than to write.
        Output.Write(result.Yaml);
        try
        {
            ScenarioResolver.Resolve(YamlDocument.Parse(result.Yaml, "the scenario"), "the scenario", "imported", library);
            return ExitCodes.Ok;
        }
        catch (InputException e)
        {
            throw new InputException([.. e.Problems.Select(p => p with { Message = p.Message + " (in the scenario that was written)" })]);
        }
    }

    private static ImportContext Context(string name) => new(name, YamlDocument.Parse, path => Beside(name, path));

    // A file that an artefact names is looked for where it says, and beside the artefact.
    private static string? Beside(string artefact, string path)
    {
        var folder = Path.GetDirectoryName(artefact) ?? "";
        var found = new[] { path, Path.Combine(folder, path), Path.Combine(folder, Path.GetFileName(path)) }.FirstOrDefault(File.Exists);
        return found is null ? null : ScenarioFile.ReadText(found);
    }
}
