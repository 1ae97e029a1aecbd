namespace Foretoken.Hardware.Models;

/// <summary>The models that are known by name: the built-in presets and a user's.</summary>
public sealed class ModelCatalogue
{
    private readonly Dictionary<string, ModelEntry> _byName = [];

    /// <summary>A catalogue of these; a later one takes the names of an earlier one.</summary>
    public ModelCatalogue(IEnumerable<ModelEntry> entries)
    {
        var all = new List<ModelEntry>();
        foreach (var entry in entries)
        {
            all.RemoveAll(e => Catalogue.Key(e.Name) == Catalogue.Key(entry.Name));
            all.Add(entry);
        }

        All = all;

        // Full names go before second names, and both before names without their organisation.
        foreach (var (name, entry) in all.SelectMany(e => e.Also.Prepend(e.Name).Select(n => (Short(n), e)))
            .Concat(all.SelectMany(e => e.Also.Select(n => (n, e)))).Concat(all.Select(e => (e.Name, e))))
        {
            _byName[Catalogue.Key(name)] = entry;
        }
    }

    /// <summary>The built-in presets.</summary>
    public static ModelCatalogue BuiltIn { get; } = new(Read());

    /// <summary>Every model, in the catalogue's order.</summary>
    public IReadOnlyList<ModelEntry> All { get; }

    /// <summary>Every full name that is understood.</summary>
    public IEnumerable<string> Names => All.SelectMany(e => e.Also.Prepend(e.Name));

    /// <summary>A model by any of its names, with or without the organisation, whatever the case; null when there is none.</summary>
    public ModelEntry? Find(string name) => _byName.GetValueOrDefault(Catalogue.Key(name));

    private static string Short(string name) => name[(name.LastIndexOf('/') + 1)..];

    private static IEnumerable<ModelEntry> Read()
    {
        using var document = Catalogue.Embedded("models.json");
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            yield return new ModelEntry(
                name,
                entry.GetProperty("title").GetString()!,
                [.. entry.GetProperty("also").EnumerateArray().Select(a => a.GetString()!)],
                entry.GetProperty("published_total_billion").GetDouble(),
                entry.GetProperty("published_active_billion").GetDouble(),
                entry.GetProperty("source").GetString()!,
                ModelConfig.Read(name, entry.GetProperty("config"), name, null, ""));
        }
    }
}
