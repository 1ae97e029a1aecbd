using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Tuning.Studies;

/// <summary>A map whose keys are not known beforehand: kept as it was written, read by whoever knows what it means.</summary>
/// <param name="what">What it holds, with its article.</param>
public sealed class TreeType(string what) : FieldType<ConfigNode>
{
    /// <inheritdoc />
    public override string Expected => what;

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out ConfigNode value)
    {
        value = node;
        if (node is MapNode)
        {
            return true;
        }

        context.Add(node.Origin, path, $"is {node.Shown}", $"expected {Expected}");
        return false;
    }

    /// <inheritdoc />
    public override string Show(ConfigNode value) => value.Shown;
}
