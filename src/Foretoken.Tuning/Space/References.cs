using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Space;

/// <summary>Values that say "the same as there": <c>$fleet.replicas</c>.</summary>
internal static class References
{
    /// <summary>The node with every reference replaced by what stands at its path in the scenario.</summary>
    /// <exception cref="InputException">Nothing stands there.</exception>
    public static ConfigNode Resolve(ConfigNode node, ConfigNode scenario) => node switch
    {
        ScalarNode { Quoted: false } scalar when scalar.Text.StartsWith('$') => At(scenario, scalar),
        ListNode list => new ListNode([.. list.Items.Select(i => Resolve(i, scenario))], list.Origin),
        MapNode map => new MapNode([.. map.Entries.Select(e => e with { Value = Resolve(e.Value, scenario) })], map.Origin),
        _ => node,
    };

    private static ConfigNode At(ConfigNode scenario, ScalarNode reference)
    {
        ConfigNode? node = scenario;
        foreach (var key in reference.Text[1..].Split('.'))
        {
            node = (node as MapNode)?.Find(key);
        }

        return node ?? throw new InputException(reference.Origin.ToString(), $"nothing stands at {reference.Text[1..]}", "choose that value before, or write it into the scenario");
    }
}
