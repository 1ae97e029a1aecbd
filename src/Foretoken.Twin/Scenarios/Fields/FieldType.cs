using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>How a value is written. A closed family, so that the schema writer can say the same in JSON Schema.</summary>
public abstract class FieldType
{
    /// <summary>What is expected, as the end of "expected ...": <c>a whole number from 1 to 64</c>.</summary>
    public abstract string Expected { get; }
}

/// <summary>How a value of one type is read and shown.</summary>
public abstract class FieldType<T> : FieldType
{
    /// <summary>Reads a value; on failure adds what is wrong to <paramref name="context"/> and gives false.</summary>
    public abstract bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out T value);

    /// <summary>The value as it would be written in a scenario.</summary>
    public abstract string Show(T value);

    /// <summary>The node as text, or a problem.</summary>
    protected bool TryText(ConfigNode node, BindContext context, string path, [NotNullWhen(true)] out ScalarNode? scalar)
    {
        scalar = node as ScalarNode;
        if (scalar is null || scalar.IsNull)
        {
            context.Add(node.Origin, path, $"is {node.Shown}", $"expected {Expected}");
            scalar = null;
            return false;
        }

        return true;
    }
}
