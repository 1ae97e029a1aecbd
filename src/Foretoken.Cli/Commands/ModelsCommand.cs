using System.CommandLine;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Reports.Hardware;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken models [FILTER...]</c> and <c>foretoken models explain NAME|PATH</c>.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var filter = new Argument<string[]>("filter") { Description = "Words that name, title, architecture or format must contain; all of them.", HelpName = "FILTER", Arity = ArgumentArity.ZeroOrMore };
        var options = new CatalogueOptions();
        var command = new Command("models", "List the models that are known; explain one, or any config.json, line by line.") { filter };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(List(parsed.GetValue(filter) ?? [], options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        command.Add(ExplainCommand());
        command.Add(ModelMemoryCommand.Create());
        return command;
    }

    internal static string List(string[] words, string? catalogue, bool json, int width, bool colour)
    {
        var all = Catalogues.Catalogues.Load(catalogue).Models.All;
        var found = all.Where(m => CatalogueOptions.Matches(words, [m.Name, m.Title, m.Shape.Architecture, m.Shape.Quantisation, .. m.Also])).ToList();
        if (found.Count == 0)
        {
            throw new InputException("models " + string.Join(' ', words), "no model's name, architecture or format contains all of this", "foretoken models lists all of them");
        }

        return json ? CatalogueJson.Models(found) : ModelReport.List(found, width, colour);
    }

    internal static string Explain(string name, string? catalogue, bool json, int width, bool colour)
    {
        var entry = Find(name, Catalogues.Catalogues.Load(catalogue).Models);
        return json ? CatalogueJson.Models([entry]) : ModelReport.Explain(entry, width, colour);
    }

    /// <summary>A model of the catalogue, or one by its config file: what is called like a file is one.</summary>
    internal static ModelEntry Find(string name, ModelCatalogue models)
    {
        if (models.Find(name) is { } known)
        {
            return known;
        }

        if (File.Exists(name) || name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var shape = ModelConfig.Load(name);
            return new ModelEntry(shape.Name, shape.Name, [], null, null, name, shape);
        }

        var inside = Path.Combine(name, "config.json");
        if (File.Exists(inside))
        {
            return Find(inside, models);
        }

        throw new InputException("models", $"no model is called '{name}', and there is no such file", Catalogues.Catalogues.Meant(name, models.Names) + "; or the path of a config.json");
    }

    private static Command ExplainCommand()
    {
        var name = new Argument<string>("name") { Description = "Name of the model, or path of a HuggingFace config.json.", HelpName = "NAME|PATH" };
        var options = new CatalogueOptions();
        var command = new Command("explain", "Show how a model's weights, KV cache and work follow from its config.") { name };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(Explain(parsed.GetRequiredValue(name), options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        return command;
    }
}
