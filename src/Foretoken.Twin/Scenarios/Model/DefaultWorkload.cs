using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>
/// The traffic of a scenario that names none: a model on a GPU is asked what it does under chat traffic. Without a model there
/// is nothing to ask, and the workload has to be given.
/// </summary>
internal static class DefaultWorkload
{
    /// <summary>The preset that is taken.</summary>
    public const string Preset = "chat";

    private static readonly Origin Place = new("default workload");

    /// <summary>The document with the default workload where it applies; notes what is missing where it does not.</summary>
    public static ConfigNode Apply(ConfigNode document, BindContext context)
    {
        if (document is not MapNode map || map.Find(ScenarioFields.Workload.Name) is not null)
        {
            return document;
        }

        if (map.Find(ScenarioFields.Model.Name) is null)
        {
            context.Add(map.Origin, "", "lacks 'workload'", "add workload: a map, see 'foretoken scenario schema'; or model and gpu, which get chat traffic");
            return document;
        }

        var workload = new MapNode([new(SyntheticFields.Preset.Name, Place, new ScalarNode(Preset, quoted: true, Place))], Place);
        return new MapNode([.. map.Entries, new(ScenarioFields.Workload.Name, Place, workload)], map.Origin);
    }

    /// <summary>Whether a document has it.</summary>
    public static bool IsIn(ConfigNode document) => document is MapNode map && map.Find(ScenarioFields.Workload.Name)?.Origin == Place;
}
