using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>What the whole-number types share.</summary>
internal static class WholeNumber
{
    public static bool TryRead(FieldType type, ConfigNode node, BindContext context, string path, long min, long max, out decimal value)
    {
        value = 0;
        if (node is not ScalarNode { IsNull: false } scalar)
        {
            context.Add(node.Origin, path, $"is {node.Shown}", $"expected {type.Expected}");
            return false;
        }

        if (!UnitTable.Count.TryRead(scalar.Text, out value, out var problem, path))
        {
            context.Add(node.Origin, path, problem!.Message, $"expected {type.Expected}; {UnitTable.Count.More}");
            return false;
        }

        if (value != decimal.Truncate(value))
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is not whole", $"expected {type.Expected}");
            return false;
        }

        if (value < min || value > max)
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is out of range", $"expected {type.Expected}");
            return false;
        }

        return true;
    }
}
