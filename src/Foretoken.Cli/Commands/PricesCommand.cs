using System.CommandLine;
using Foretoken.Quantities;
using Foretoken.Reports.Hardware;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken prices [FILTER...]</c>.</summary>
internal static class PricesCommand
{
    public static Command Create()
    {
        var filter = new Argument<string[]>("filter") { Description = "Words that seller, region, GPU or way of buying must contain; all of them.", HelpName = "FILTER", Arity = ArgumentArity.ZeroOrMore };
        var options = new CatalogueOptions();
        var command = new Command("prices", "List what GPUs cost for an hour, by seller, region and way of buying.") { filter };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            Output.Write(List(parsed.GetValue(filter) ?? [], options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static string List(string[] words, string? catalogue, bool json, int width, bool colour)
    {
        var found = Catalogues.Catalogues.Load(catalogue).Prices.All.Where(p => CatalogueOptions.Matches(words, [p.Provider, p.Region, p.Gpu, p.Purchase])).ToList();
        if (found.Count == 0)
        {
            throw new InputException("prices " + string.Join(' ', words), "no price's seller, region, GPU or way of buying contains all of this", "foretoken prices lists all of them");
        }

        return json ? CatalogueJson.Prices(found) : PriceReport.List(found, width, colour);
    }
}
