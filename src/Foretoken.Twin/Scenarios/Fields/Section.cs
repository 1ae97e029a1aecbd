using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A group of fields: a map in the file.</summary>
public sealed class Section
{
    /// <summary>The case that <see cref="ChooseCase"/> gives when the key that decides cannot be understood: of the other keys nothing is said then.</summary>
    public const string Unreadable = "";

    /// <summary>What the group is about, in a sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>Name under which the schema describes it once, for a section that stands in many places; null to describe it in place.</summary>
    public string? SharedName { get; init; }

    /// <summary>Fields that always belong to it.</summary>
    public required IReadOnlyList<Field> Fields { get; init; }

    /// <summary>The field among <see cref="Fields"/> whose value decides which further fields there are; null when none does.</summary>
    public Field<string>? Switch { get; init; }

    /// <summary>Chooses the case where no single field does: by which keys are there. Only without a <see cref="Switch"/>.</summary>
    public Func<MapNode, string>? ChooseCase { get; init; }

    /// <summary>Further fields per value of <see cref="Switch"/> (or of <see cref="ChooseCase"/>).</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Field>> Cases { get; init; } = new Dictionary<string, IReadOnlyList<Field>>();

    /// <summary>
    /// Field that a bare value in place of the map stands for: <c>routing: random</c> is <c>routing: {policy: random}</c>.
    /// A field of one of the <see cref="Cases"/> also chooses that case.
    /// </summary>
    public Field? Shorthand { get; init; }

    /// <summary>Every field of the section, whatever the switch says.</summary>
    public IEnumerable<Field> AllFields => Fields.Concat(Cases.Values.SelectMany(f => f)).Distinct();

    /// <summary>The fields that belong to it under a value of the switch.</summary>
    public IEnumerable<Field> FieldsOf(string? switchValue) =>
        switchValue is not null && Cases.TryGetValue(switchValue, out var more) ? Fields.Concat(more) : Fields;

    /// <summary>The value of the switch under which a field belongs to it, or null when it always does.</summary>
    public IEnumerable<string> CasesOf(Field field) => Cases.Where(c => c.Value.Contains(field)).Select(c => c.Key);

    /// <summary>The values of the switch under which there is a field of this key.</summary>
    public IEnumerable<string> CasesOf(string key) => Cases.Where(c => c.Key != Unreadable && c.Value.Any(f => f.Answers(key))).Select(c => c.Key);
}
