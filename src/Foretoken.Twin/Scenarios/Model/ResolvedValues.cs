using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>A scenario with everything filled in: path, value and where the value came from.</summary>
public static class ResolvedValues
{
    /// <summary>Every value of the resolved scenario, in the order of the description.</summary>
    /// <param name="model">The scenario.</param>
    /// <param name="bound">What was written, as read.</param>
    public static IReadOnlyList<DerivedValue> Of(ScenarioModel model, Bound bound)
    {
        var derived = ByPath(model.Derived);
        var rows = new List<DerivedValue>();
        if (model.Pools is [{ } only] && only.Bound == bound)
        {
            Walk(bound, derived, rows);
            return rows;
        }

        // What replicas are made of is told pool by pool.
        Walk(bound, derived, rows, skip: [.. ReplicaFields.Section.Fields, FleetFields.Replicas]);
        foreach (var pool in model.Pools)
        {
            Walk(pool.Bound, ByPath(pool.Derived), rows);
        }

        return rows;
    }

    private static Dictionary<string, DerivedValue> ByPath(IReadOnlyList<DerivedValue> derived) => derived.ToDictionary(d => d.Path);

    private static void Walk(Bound section, Dictionary<string, DerivedValue> derived, List<DerivedValue> rows, IReadOnlyList<Field>? skip = null)
    {
        foreach (var field in section.Fields.Where(f => skip?.Contains(f) != true && f.Type is not LaidOverType))
        {
            var path = section.PathOf(field);
            if (section.GetObject(field) is Bound inner)
            {
                Walk(inner, derived, rows);
            }
            else if (section.GetObject(field) is IReadOnlyList<Bound> list)
            {
                rows.Add(new(path, $"{list.Count} entries", From(section, field)));
                foreach (var element in list)
                {
                    Walk(element, derived, rows);
                }
            }
            else if (derived.TryGetValue(path, out var filled))
            {
                rows.Add(filled);
            }
            else if (section.IsSet(field) || section.Show(field) != "not set")
            {
                // What is simply absent would only hide what is there; the schema lists every key.
                rows.Add(new(path, section.Show(field), From(section, field)));
            }
        }
    }

    private static string From(Bound section, Field field) =>
        section.OriginOf(field)?.ToString() ?? (field.DefaultSource.Length > 0 ? $"default: {field.DefaultSource}" : "default");
}
