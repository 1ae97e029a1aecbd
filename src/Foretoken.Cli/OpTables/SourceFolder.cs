using Foretoken.Cli.Scenarios;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Cli.OpTables;

/// <summary>Where the tables of a GPU lie in aiconfigurator's layout: SYSTEM.yaml and a folder SYSTEM.</summary>
/// <param name="System">Name of the GPU.</param>
/// <param name="Folder">Folder with [OPERATOR/]BACKEND/VERSION/*.parquet.</param>
internal sealed record SourceFolder(string System, string Folder)
{
    /// <summary>Finds it from what a user named: the YAML file, the folder around both, or the folder of tables.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static SourceFolder Find(string path)
    {
        if (File.Exists(path))
        {
            return Of(path);
        }

        if (!Directory.Exists(path))
        {
            throw new InputException(path, "there is no such file or folder", "name a SYSTEM.yaml, or the folder that it lies in");
        }

        var inside = Directory.EnumerateFiles(path, "*.yaml").Order(StringComparer.Ordinal).ToList();
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return inside.Count switch
        {
            1 => Of(inside[0]),
            0 when File.Exists(full + ".yaml") => new SourceFolder(Path.GetFileName(full), path),
            0 => throw new InputException(path, "holds no system: there is no SYSTEM.yaml in it or beside it", "the layout is SYSTEM.yaml and SYSTEM/OPERATOR/BACKEND/VERSION/*.parquet"),
            _ => throw new InputException(path, $"holds {inside.Count} systems: {string.Join(", ", inside.Select(Path.GetFileName))}", "name one of the files"),
        };
    }

    private static SourceFolder Of(string yaml)
    {
        var around = Path.GetDirectoryName(yaml) is { Length: > 0 } folder ? folder : ".";
        var system = Path.GetFileNameWithoutExtension(yaml);
        if (YamlDocument.Parse(ScenarioFile.ReadText(yaml), yaml) is not MapNode map)
        {
            throw new InputException(yaml, "is not a system of aiconfigurator's: no keys at its top", "a SYSTEM.yaml has gpu:, node: and data_dir:");
        }

        var written = map.Find("data_dir") is ScalarNode { Text.Length: > 0 } value ? value.Text : null;
        var tried = new[] { written, system }.Where(f => f is not null).Select(f => Path.Combine(around, f!)).Distinct().ToList();
        return tried.FirstOrDefault(Directory.Exists) is { } found
            ? new SourceFolder(system, found)
            : throw new InputException(yaml, $"there is no such system: no folder {string.Join(" or ", tried)}", "the tables lie in data_dir, or in a folder of the file's name");
    }
}
