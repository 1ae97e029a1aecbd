using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A section that was read: a value for each of its fields, and where each came from.</summary>
public sealed class Bound
{
    private readonly Dictionary<Field, BoundValue> _values = [];

    internal Bound(Section section, string path, Origin origin)
    {
        Section = section;
        Path = path;
        Origin = origin;
    }

    /// <summary>What was read.</summary>
    public Section Section { get; }

    /// <summary>Its path in the scenario; empty for the root.</summary>
    public string Path { get; }

    /// <summary>Where it begins.</summary>
    public Origin Origin { get; }

    /// <summary>The fields that belong to it, in the order of their description.</summary>
    public IReadOnlyList<Field> Fields { get; internal set; } = [];

    /// <summary>The value of a field: as written, else its default.</summary>
    public T Get<T>(Field<T> field)
    {
        Invariant.That(_values.ContainsKey(field));
        return (T)_values[field].Value!;
    }

    /// <summary>Whether the field belongs to the section as it is written (see <see cref="Section.Switch"/>).</summary>
    public bool Has(Field field) => _values.ContainsKey(field);

    /// <summary>Whether the user wrote the field.</summary>
    public bool IsSet(Field field) => _values.TryGetValue(field, out var value) && value.Origin is not null;

    /// <summary>Whether the field's value can be used: it was not written, or was written well.</summary>
    public bool IsGood(Field field) => _values.TryGetValue(field, out var value) && value.Good;

    /// <summary>Where the field was written, or null for a default.</summary>
    public Origin? OriginOf(Field field) => _values.TryGetValue(field, out var value) ? value.Origin : null;

    /// <summary>Where the field was written, or, for a default, where its section begins.</summary>
    public Origin PlaceOf(Field field) => OriginOf(field) ?? Origin;

    /// <summary>The path of a field.</summary>
    public string PathOf(Field field) => Join(Path, field.Name);

    /// <summary>The value as it would be written.</summary>
    public string Show(Field field) => field.ShowObject(_values[field].Value);

    /// <summary>The value untyped, for walking a whole scenario.</summary>
    public object? GetObject(Field field) => _values[field].Value;

    internal void Put(Field field, object? value, Origin? origin, bool good) => _values[field] = new BoundValue(value, origin, good);

    internal static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private readonly record struct BoundValue(object? Value, Origin? Origin, bool Good);
}
