using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>What an artefact is read with: whoever reads YAML and the files beside it, and the list of what was not understood.</summary>
/// <param name="Place">The artefact's name.</param>
/// <param name="ReadYaml">Reads a text as one YAML document; the second is its place. Fails with <see cref="InputException"/>.</param>
/// <param name="ReadFile">The text of a file that the artefact names, or null when there is none.</param>
public sealed record ImportContext(string Place, Func<string, string, ConfigNode?> ReadYaml, Func<string, string?> ReadFile)
{
    private readonly List<string> _warnings = [];

    /// <summary>What was not understood, each with its place.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    // Files that the artefact itself holds (a ConfigMap), by the end of the path under which they are mounted.
    internal Dictionary<string, string> Inside { get; } = new(StringComparer.Ordinal);

    internal void Warn(string place, string message)
    {
        var text = $"{place}: {message}";
        if (!_warnings.Contains(text))
        {
            _warnings.Add(text);
        }
    }

    internal ConfigNode? Parse(string text, string place)
    {
        try
        {
            return ReadYaml(text, place);
        }
        catch (InputException e)
        {
            foreach (var problem in e.Problems)
            {
                Warn(problem.Place, problem.Message);
            }

            return null;
        }
    }

    internal ConfigNode? File(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Inside.TryGetValue(name, out var text) || (text = ReadFile(path)) is not null ? Parse(text, path) : null;
    }
}
