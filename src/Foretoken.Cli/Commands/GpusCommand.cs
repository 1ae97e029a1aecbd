using System.CommandLine;
using Foretoken.Quantities;
using Foretoken.Reports.Hardware;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken gpus [FILTER...]</c> and <c>foretoken gpus explain NAME</c>.</summary>
internal static class GpusCommand
{
    public static Command Create()
    {
        var filter = new Argument<string[]>("filter") { Description = "Words that name, title or vendor must contain; all of them.", HelpName = "FILTER", Arity = ArgumentArity.ZeroOrMore };
        var options = new CatalogueOptions();
        var command = new Command("gpus", "List the GPUs that are known; explain one with the source of every figure.") { filter };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(List(parsed.GetValue(filter) ?? [], options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        command.Add(ExplainCommand());
        return command;
    }

    internal static string List(string[] words, string? catalogue, bool json, int width, bool colour)
    {
        var all = Catalogues.Catalogues.Load(catalogue).Gpus.All;
        var found = all.Where(g => CatalogueOptions.Matches(words, [g.Name, g.Title, g.Vendor, .. g.Also])).ToList();
        if (found.Count == 0)
        {
            throw new InputException("gpus " + string.Join(' ', words), "no GPU's name, title or vendor contains all of this", "foretoken gpus lists all of them");
        }

        return json ? CatalogueJson.Gpus(found) : GpuReport.List(found, width, colour);
    }

    internal static string Explain(string name, string? catalogue, bool json, int width, bool colour)
    {
        var gpus = Catalogues.Catalogues.Load(catalogue).Gpus;
        var gpu = gpus.Find(name) ?? throw new InputException($"gpus explain {name}", $"no GPU is called '{name}'", Catalogues.Catalogues.Meant(name, gpus.Names));
        return json ? CatalogueJson.Gpus([gpu]) : GpuReport.Explain(gpu, width, colour);
    }

    private static Command ExplainCommand()
    {
        var name = new Argument<string>("name") { Description = "Name of the GPU: h100-sxm.", HelpName = "NAME" };
        var options = new CatalogueOptions();
        var command = new Command("explain", "Show every figure of a GPU and where it is from.") { name };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(Explain(parsed.GetRequiredValue(name), options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        return command;
    }
}
