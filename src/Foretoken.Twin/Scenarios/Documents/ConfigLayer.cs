using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>Lays one tree over another: what the upper one says counts, key by key.</summary>
public static class ConfigLayer
{
    /// <summary>
    /// The two trees as one. Maps are merged; anything else of <paramref name="upper"/> takes the place of what is below. A bare
    /// value that stands for a map (<c>engine: vllm</c>) is merged as that map.
    /// </summary>
    /// <param name="lower">What is there.</param>
    /// <param name="upper">What is laid over it.</param>
    /// <param name="section">What the trees describe.</param>
    public static MapNode Over(MapNode lower, MapNode upper, Section section)
    {
        var entries = new List<MapEntry>(lower.Entries);
        foreach (var entry in upper.Entries)
        {
            var field = section.AllFields.FirstOrDefault(f => f.Answers(entry.Key));
            var at = entries.FindIndex(e => e.Key == entry.Key || (field is not null && field.Answers(e.Key)));
            if (at < 0)
            {
                entries.Add(entry);
                continue;
            }

            var value = field?.Type is SectionType { Section: var inner } && AsMap(entries[at].Value, inner) is { } below && AsMap(entry.Value, inner) is { } above
                ? Over(SwitchTaken(below, above, inner), above, inner)
                : entry.Value;
            entries[at] = entry with { Value = value };
        }

        return new MapNode(entries, upper.Origin);
    }

    // Another kind of thing (engine.kind: sglang over vllm) has other keys: those that it does not know stay below.
    private static MapNode SwitchTaken(MapNode below, MapNode above, Section section)
    {
        if (section.Switch is not { } field || Text(above, field) is not { } chosen || chosen == (Text(below, field) ?? field.Default))
        {
            return below;
        }

        return new MapNode([.. below.Entries.Where(e => section.FieldsOf(chosen).Any(f => f.Answers(e.Key)) || !section.AllFields.Any(f => f.Answers(e.Key)))], below.Origin);
    }

    private static string? Text(MapNode map, Field field) => (map.Entries.FirstOrDefault(e => field.Answers(e.Key))?.Value as ScalarNode)?.Text;

    private static MapNode? AsMap(ConfigNode node, Section section) => node switch
    {
        MapNode map => map,
        ScalarNode { IsNull: true } => new MapNode([], node.Origin),
        ScalarNode when section.Shorthand is { } field => new MapNode([new MapEntry(field.Name, node.Origin, node)], node.Origin),
        _ => null,
    };
}
