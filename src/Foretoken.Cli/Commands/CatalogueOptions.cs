using System.CommandLine;

namespace Foretoken.Cli.Commands;

/// <summary>Options that the catalogue commands share.</summary>
internal sealed class CatalogueOptions
{
    private readonly Option<string?> _catalogue = new("--catalogue") { Description = "YAML file with GPUs and models of your own (docs/hardware.md).", HelpName = "FILE" };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON (shape in docs/hardware.md)." };

    public void AddTo(Command command)
    {
        command.Add(_catalogue);
        command.Add(_json);
    }

    public string? Catalogue(ParseResult parsed) => parsed.GetValue(_catalogue);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Whether each word is contained in one of the texts, whatever the case.</summary>
    public static bool Matches(string[] words, IReadOnlyList<string> texts) =>
        Array.TrueForAll(words, w => texts.Any(t => t.Contains(w, StringComparison.OrdinalIgnoreCase)));
}
