using System.Text.Json;

namespace Foretoken.Hardware;

/// <summary>What both catalogues share.</summary>
internal static class Catalogue
{
    /// <summary>A name without its case and with one kind of separator.</summary>
    public static string Key(string name) => name.Trim().ToLowerInvariant().Replace('_', '-').Replace(' ', '-');

    /// <summary>One of the data files that are built into this library.</summary>
    public static JsonDocument Embedded(string name)
    {
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream("Foretoken.Hardware.Data." + name)!;
        return JsonDocument.Parse(stream);
    }
}
