using System.Globalization;
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

    /// <summary>A path with <c>[key=value]</c> in it, as the place of the list's first map that has this value: <c>fleet.pools[gpu=l4].replicas</c>.</summary>
    /// <exception cref="InputException">No map of the list has it.</exception>
    public static string Place(string path, ConfigNode scenario)
    {
        var open = path.IndexOf('[', StringComparison.Ordinal);
        var close = open < 0 ? -1 : path.IndexOf(']', open);
        if (close < 0 || path.IndexOf('=', open, close - open) is not (> 0 and var equals))
        {
            return path;
        }

        ConfigNode? node = scenario;
        foreach (var key in path[..open].Split('.'))
        {
            node = (node as MapNode)?.Find(key);
        }

        var (name, value) = (path[(open + 1)..equals], path[(equals + 1)..close]);
        for (var i = 0; i < (node as ListNode)?.Items.Count; i++)
        {
            if (((ListNode)node).Items[i] is MapNode item && item.Find(name) is ScalarNode { IsNull: false } scalar && scalar.Text == value)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{path[..open]}[{i}]{path[(close + 1)..]}");
            }
        }

        throw new InputException($"tune.space.{path}", $"{path[..open]} has no entry with {name} {value}", "write such an entry into the scenario, or name its place: [0]");
    }

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
