using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>Puts one value into a tree (<c>--set path=value</c>) and gives back the changed tree; the old one stays as it is.</summary>
public static class ConfigOverride
{
    /// <summary>
    /// The tree with <paramref name="value"/> at <paramref name="path"/>: keys separated by dots, list places as
    /// <c>[0]</c> or <c>.0</c>. Maps that are missing on the way are made; a list grows by at most one place.
    /// </summary>
    /// <param name="root">The tree; null for an empty one.</param>
    /// <param name="path">Where the value goes.</param>
    /// <param name="value">The value.</param>
    /// <param name="section">What the tree describes, so that a bare value in place of a map (<c>model: NAME</c>) stays beside what a
    /// path adds to it (<c>model.weights</c>); null to replace it.</param>
    /// <exception cref="InputException">The path cannot be followed; names the option.</exception>
    public static ConfigNode Apply(ConfigNode? root, string path, ConfigNode value, Section? section = null)
    {
        var steps = path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        if (steps.Any(string.IsNullOrWhiteSpace))
        {
            throw new InputException(value.Origin.Source, $"'{path}' is not a path", "write keys with dots between them, for example engine.max_num_seqs=256");
        }

        return Put(root, steps, 0, value, section);
    }

    private static ConfigNode Put(ConfigNode? node, string[] steps, int depth, ConfigNode value, Section? section)
    {
        if (depth == steps.Length)
        {
            return value;
        }

        var step = steps[depth];
        var inner = (section?.AllFields.FirstOrDefault(f => f.Answers(step))?.Type as SectionType)?.Section;
        switch (node)
        {
            case ListNode list:
                return PutInList(list, steps, depth, value);
            case MapNode map:
                return PutInMap(map, step, Put(map.Find(step), steps, depth + 1, value, inner), value.Origin);
            case ScalarNode { IsNull: false } when section is { Shorthand: { } field } && section.Fields.Contains(field) && (section.Switch is null || section.Switch == field):
                var written = new MapNode([new MapEntry(field.Name, node.Origin, node)], node.Origin);
                return PutInMap(written, step, Put(null, steps, depth + 1, value, inner), value.Origin);
            default:
                // A bare value that decides which keys there are, such as "input_tokens: 512", gives way to the map that the path asks for.
                return new MapNode([new MapEntry(step, value.Origin, Put(null, steps, depth + 1, value, inner))], value.Origin);
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

        var child = Put(index < items.Count ? items[index] : null, steps, depth + 1, value, null);
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
