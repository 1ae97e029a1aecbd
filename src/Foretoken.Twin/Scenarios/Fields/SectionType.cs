using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A map of the fields of a <see cref="Fields.Section"/>.</summary>
public sealed class SectionType(Section section) : FieldType<Bound>
{
    /// <summary>What it is made of.</summary>
    public Section Section { get; } = section;

    /// <inheritdoc />
    public override string Expected => "a map of " + string.Join(", ", Section.Fields.Select(f => f.Name));

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out Bound value)
    {
        value = SectionBinder.Bind(Section, node, context, path);
        return value is not null;
    }

    /// <inheritdoc />
    public override string Show(Bound value) => "{" + string.Join(", ", value.Fields.Where(value.IsSet).Select(f => $"{f.Name}: {value.Show(f)}")) + "}";
}
