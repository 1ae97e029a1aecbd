using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>
/// What is laid over the same key further out: kept as it was written, since what it means shows only together with what it is
/// laid over (an engine's flags belong to the kind that may stand outside).
/// </summary>
/// <param name="inner">How the key reads further out.</param>
public sealed class LaidOverType(FieldType inner) : FieldType<ConfigNode>
{
    /// <summary>How the key reads further out.</summary>
    public FieldType Inner { get; } = inner;

    /// <inheritdoc />
    public override string Expected => Inner.Expected;

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out ConfigNode value)
    {
        value = node;
        return true;
    }

    /// <inheritdoc />
    public override string Show(ConfigNode value) => value.Shown;
}
