using System.Diagnostics.CodeAnalysis;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>One of several names.</summary>
public sealed class ChoiceType(params (string Name, string Meaning)[] choices) : FieldType<string>
{
    /// <summary>The names with what they mean.</summary>
    public IReadOnlyList<(string Name, string Meaning)> Choices { get; } = choices;

    /// <inheritdoc />
    public override string Expected => "one of " + string.Join(", ", Choices.Select(c => c.Name));

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        foreach (var (name, _) in Choices)
        {
            if (name == scalar.Text)
            {
                value = name;
                return true;
            }
        }

        var nearest = NearestName.Find(scalar.Text, Choices.Select(c => c.Name));
        context.Add(node.Origin, path, $"{scalar.Shown} is not known here", nearest is null ? $"expected {Expected}" : $"did you mean {nearest}? Expected {Expected}");
        return false;
    }

    /// <inheritdoc />
    public override string Show(string value) => value;
}
