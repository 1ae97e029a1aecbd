using Foretoken.Hardware.Models;
using Foretoken.Twin.Deployments;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Cli.Scenarios;

/// <summary>The models and GPUs that a scenario may name: the built-in ones, its catalogue file's, and any config.json.</summary>
internal static class ScenarioLibrary
{
    /// <summary>Where the scenario's names are looked up.</summary>
    /// <exception cref="Foretoken.Quantities.InputException">Its catalogue file cannot be used; carries every problem.</exception>
    public static HardwareLibrary For(string scenario, ConfigNode? document)
    {
        var written = (document as MapNode)?.Find("catalogue") as ScalarNode;
        var catalogues = Catalogues.Catalogues.Load(written is { IsNull: false } ? ScenarioFile.Locate(scenario, written.Text, written.Origin) : null);
        return new HardwareLibrary(catalogues.Models, catalogues.Gpus, (name, origin) => Read(ScenarioFile.Locate(scenario, name, origin))) { Prices = catalogues.Prices };
    }

    private static ModelEntry? Read(string path)
    {
        if (Directory.Exists(path))
        {
            path = Path.Combine(path, "config.json");
        }

        if (!File.Exists(path))
        {
            return null;
        }

        var shape = ModelConfig.Load(path);
        return new ModelEntry(shape.Name, shape.Name, [], null, null, path, shape);
    }
}
