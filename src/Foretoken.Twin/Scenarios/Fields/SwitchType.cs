using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary><c>true</c> or <c>false</c>, nothing else: YAML's older words for them differ between readers.</summary>
public sealed class SwitchType : FieldType<bool>
{
    /// <inheritdoc />
    public override string Expected => "true or false";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out bool value)
    {
        value = false;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        switch (scalar.Text)
        {
            case "true" or "True" or "TRUE":
                value = true;
                return true;
            case "false" or "False" or "FALSE":
                return true;
            default:
                context.Add(node.Origin, path, $"{scalar.Shown} is neither true nor false", scalar.Text.ToLowerInvariant() switch
                {
                    "yes" or "on" or "y" or "1" => "write true",
                    "no" or "off" or "n" or "0" => "write false",
                    _ => "expected true or false",
                });
                return false;
        }
    }

    /// <inheritdoc />
    public override string Show(bool value) => value ? "true" : "false";
}
