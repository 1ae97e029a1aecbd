using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>Reads a map into the fields of a section; notes unknown, missing, repeated and unreadable keys.</summary>
public static class SectionBinder
{
    /// <summary>The section's values, or null when the node is no map at all (a problem then stands in the context).</summary>
    public static Bound? Bind(Section section, ConfigNode node, BindContext context, string path)
    {
        var (map, shorthand) = AsMap(section, node, context, path);
        if (map is null)
        {
            return null;
        }

        var bound = new Bound(section, path, node.Origin);
        var chosen = ReadSwitch(section, map, shorthand, bound, context, path);
        var fields = section.FieldsOf(chosen).ToList();
        bound.Fields = fields;
        var seen = new Dictionary<Field, MapEntry>();
        foreach (var entry in map.Entries)
        {
            var field = fields.Find(f => f.Answers(entry.Key));
            if (field is null)
            {
                Unknown(section, chosen, fields, entry, context, path);
            }
            else if (seen.TryGetValue(field, out var first))
            {
                context.Add(entry.KeyOrigin, Bound.Join(path, entry.Key), $"says the same as {first.Key} at {first.KeyOrigin}", "keep one of them");
            }
            else
            {
                seen.Add(field, entry);
            }
        }

        foreach (var field in fields)
        {
            ReadField(field, seen.GetValueOrDefault(field), bound, context, path);
        }

        return bound;
    }

    private static (MapNode? Map, Field? Shorthand) AsMap(Section section, ConfigNode node, BindContext context, string path)
    {
        switch (node)
        {
            case MapNode map:
                return (map, null);
            case ScalarNode { IsNull: true }:
                return (new MapNode([], node.Origin), null);
            case not null when section.Shorthand is { } field:
                return (new MapNode([new MapEntry(field.Name, node.Origin, node)], node.Origin), field);
            default:
                context.Add(node!.Origin, path, $"is {node.Shown}", "expected a map of " + string.Join(", ", section.Fields.Select(f => f.Name)));
                return (null, null);
        }
    }

    private static string? ReadSwitch(Section section, MapNode map, Field? shorthand, Bound bound, BindContext context, string path)
    {
        if (section.Switch is not { } field)
        {
            return section.ChooseCase?.Invoke(map);
        }

        var entry = map.Entries.FirstOrDefault(e => field.Answers(e.Key));
        if (entry is null && shorthand is not null && section.CasesOf(shorthand).FirstOrDefault() is { } implied)
        {
            bound.Put(field, implied, map.Origin, good: true);
            return implied;
        }

        ReadField(field, entry, bound, context, path);
        return bound.IsGood(field) ? (string?)bound.GetObject(field) : null;
    }

    private static void ReadField(Field field, MapEntry? entry, Bound bound, BindContext context, string path)
    {
        if (bound.Has(field))
        {
            return;
        }

        if (entry is not null)
        {
            var good = field.TryReadObject(entry.Value, context, Bound.Join(path, entry.Key), out var value);
            bound.Put(field, good ? value : field.DefaultObject, entry.Value.Origin, good);
        }
        else if (field.Required)
        {
            context.Add(bound.Origin, path, $"lacks '{field.Name}'", $"add {field.Name}: {field.Type.Expected}");
            bound.Put(field, field.DefaultObject, null, good: false);
        }
        else if (field is Field<Bound> { Default: null, Type: SectionType type, OmitWhenAbsent: false })
        {
            // A section that is left out is there with all its defaults, so that explain shows them.
            bound.Put(field, SectionBinder.Bind(type.Section, new MapNode([], bound.Origin), context, Bound.Join(path, field.Name)), null, good: true);
        }
        else
        {
            bound.Put(field, field.DefaultObject, null, good: true);
        }
    }

    private static void Unknown(Section section, string? chosen, List<Field> fields, MapEntry entry, BindContext context, string path)
    {
        var at = Bound.Join(path, entry.Key);
        var elsewhere = section.AllFields.FirstOrDefault(f => f.Answers(entry.Key));
        if (elsewhere is not null)
        {
            if (chosen is not (null or Section.Unreadable))
            {
                var of = section.Switch is { } field ? field.Name + ": " : "";
                context.Add(entry.KeyOrigin, at, $"does not apply to {of}{chosen}", $"it belongs to {of}{string.Join(" or ", section.CasesOf(entry.Key))}");
            }

            return; // The switch itself is unreadable, and that problem is noted already.
        }

        if (entry.Key == "<<")
        {
            context.Add(entry.KeyOrigin, at, "merge keys are not read", "repeat the keys, or use an anchor and an alias for a whole value");
            return;
        }

        var names = fields.SelectMany(f => f.AlsoCalled.Prepend(f.Name)).ToList();
        var nearest = NearestName.Find(entry.Key, names);
        var fix = nearest is not null ? $"did you mean {nearest}?"
            : FieldIndex.PathOf(entry.Key, context.Root) is { } other ? $"it belongs to {other}"
            : "known keys are " + string.Join(", ", fields.Select(f => f.Name));
        context.Add(entry.KeyOrigin, at, "is an unknown key", fix);
    }
}
