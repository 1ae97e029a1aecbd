using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Studies;

/// <summary>The pools that a scenario writes itself: a preset chooses what they leave open.</summary>
/// <param name="Names">Their names in dimensions: as written, else the role, numbered where it is not the only one.</param>
/// <param name="HaveGpus">Whether all name their GPU.</param>
/// <param name="HaveEngines">Whether one has an engine of its own.</param>
/// <param name="Roles">What each is for.</param>
/// <param name="HaveScalers">Whether one has a scaler of its own.</param>
internal sealed record WrittenPools(IReadOnlyList<string> Names, bool HaveGpus, bool HaveEngines, IReadOnlyList<string> Roles, bool HaveScalers)
{
    /// <summary>Those of a scenario; null when it has none.</summary>
    public static WrittenPools? Of(ConfigNode scenario)
    {
        if (((scenario as MapNode)?.Find("fleet") as MapNode)?.Find("pools") is not ListNode { Items.Count: > 0 } list)
        {
            return null;
        }

        var roles = list.Items.Select(p => Text(p, "role") ?? "pool").ToList();
        var names = new List<string>();
        for (var i = 0; i < roles.Count; i++)
        {
            var role = roles.Count(r => r == roles[i]) == 1 ? roles[i] : string.Create(CultureInfo.InvariantCulture, $"{roles[i]}{i}");
            var name = Text(list.Items[i], "name") ?? role;
            names.Add(names.Contains(name) ? string.Create(CultureInfo.InvariantCulture, $"{name}{i}") : name);
        }

        return new WrittenPools(names, list.Items.All(p => Has(p, "gpu")), list.Items.Any(p => Has(p, "engine")), roles, list.Items.Any(p => Has(p, "autoscaling")));
    }

    private static bool Has(ConfigNode pool, string key) => (pool as MapNode)?.Find(key) is not null;

    private static string? Text(ConfigNode pool, string key) => (pool as MapNode)?.Find(key) is ScalarNode { IsNull: false } scalar ? scalar.Text : null;
}
