using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A text that is not empty.</summary>
/// <param name="what">What it names, with its article: <c>a file</c>.</param>
public sealed class TextType(string what) : FieldType<string>
{
    /// <inheritdoc />
    public override string Expected => what;

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        if (string.IsNullOrWhiteSpace(scalar.Text))
        {
            context.Add(node.Origin, path, "is empty", $"expected {Expected}");
            return false;
        }

        value = scalar.Text;
        return true;
    }

    /// <inheritdoc />
    public override string Show(string value) => value;
}
