using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>Puts one value into a tree (<c>--set path=value</c>) and gives back the changed tree; the old one stays as it is.</summary>
public static class ConfigOverride
{
    /// <summary>
    /// The tree with <paramref name="value"/> at <paramref name="path"/>: keys separated by dots, list places as
    /// <c>[0]</c> or <c>.0</c>. Maps that are missing on the way are made; a list grows by at most one place.
    /// </summary>
    /// <exception cref="InputException">The path cannot be followed; names the option.</exception>
    public static ConfigNode Apply(ConfigNode? root, string path, ConfigNode value)
    {
        var steps = path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        if (steps.Any(string.IsNullOrWhiteSpace))
        {
            throw new InputException(value.Origin.Source, $"'{path}' is not a path", "write keys with dots between them, for example engine.max_num_seqs=256");
        }

        return Put(root, steps, 0, value);
    }

    private static ConfigNode Put(ConfigNode? node, string[] steps, int depth, ConfigNode value)
    {
        if (depth == steps.Length)
        {
            return value;
        }

        var step = steps[depth];
        switch (node)
        {
            case ListNode list:
                return PutInList(list, steps, depth, value);
            case MapNode map:
                return PutInMap(map, step, Put(map.Find(step), steps, depth + 1, value), value.Origin);
            case null:
            case ScalarNode { IsNull: true }:
                return new MapNode([new MapEntry(step, value.Origin, Put(null, steps, depth + 1, value))], value.Origin);
            default:
                // A shorthand such as "routing: random" is replaced by the map that the path asks for.
                return new MapNode([new MapEntry(step, value.Origin, Put(null, steps, depth + 1, value))], value.Origin);
        }
    }

    private static MapNode PutInMap(MapNode map, string key, ConfigNode child, Origin origin)
    {
        var entries = new List<MapEntry>(map.Entries);
        var at = entries.FindIndex(e => e.Key == key);
        if (at >= 0)
        {
            entries[at] = entries[at] with { Value = child };
        }
        else
        {
            entries.Add(new MapEntry(key, origin, child));
        }

        return new MapNode(entries, map.Origin);
    }

    private static ListNode PutInList(ListNode list, string[] steps, int depth, ConfigNode value)
    {
        var items = new List<ConfigNode>(list.Items);
        if (!int.TryParse(steps[depth], NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > items.Count)
        {
            throw new InputException(
                value.Origin.Source,
                $"'{string.Join('.', steps[..depth])}' is a list of {items.Count}, and '{steps[depth]}' is not a place in it",
                $"places are 0 to {items.Count}");
        }

        var child = Put(index < items.Count ? items[index] : null, steps, depth + 1, value);
        if (index < items.Count)
        {
            items[index] = child;
        }
        else
        {
            items.Add(child);
        }

        return new ListNode(items, list.Origin);
    }
}
