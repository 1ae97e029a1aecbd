using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A whole number in a range.</summary>
public sealed class IntegerType(long min, long max = int.MaxValue) : FieldType<int>
{
    /// <summary>Smallest value allowed.</summary>
    public long Min { get; } = min;

    /// <summary>Largest value allowed.</summary>
    public long Max { get; } = max;

    /// <inheritdoc />
    public override string Expected => Max == int.MaxValue ? $"a whole number, at least {Min}" : $"a whole number from {Min} to {Max}";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out int value)
    {
        value = 0;
        if (!WholeNumber.TryRead(this, node, context, path, Min, Max, out var whole))
        {
            return false;
        }

        value = (int)whole;
        return true;
    }

    /// <inheritdoc />
    public override string Show(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
