using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>An amount of memory with its unit, at least one byte.</summary>
public sealed class BytesType : FieldType<long>
{
    /// <inheritdoc />
    public override string Expected => "an amount of memory with its unit, such as 80GiB, 40GB or 128KiB";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out long value)
    {
        value = 0;
        if (!TryText(node, context, path, out var scalar))
        {
            return false;
        }

        if (!UnitTable.Bytes.TryRead(scalar.Text, out var bytes, out var problem, path))
        {
            context.Add(node.Origin, path, problem!.Message, problem.Fix);
            return false;
        }

        if (bytes < 1 || bytes > long.MaxValue || bytes != decimal.Truncate(bytes))
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is not a whole number of bytes above 0", $"expected {Expected}");
            return false;
        }

        value = (long)bytes;
        return true;
    }

    /// <inheritdoc />
    public override string Show(long value) => UnitTable.Bytes.Show(value);
}
