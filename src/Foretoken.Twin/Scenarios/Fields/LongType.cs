using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A whole number in a range that may exceed 2^31.</summary>
public sealed class LongType(long min, long max = long.MaxValue) : FieldType<long>
{
    /// <summary>Smallest value allowed.</summary>
    public long Min { get; } = min;

    /// <summary>Largest value allowed.</summary>
    public long Max { get; } = max;

    /// <inheritdoc />
    public override string Expected => Max == long.MaxValue ? $"a whole number, at least {Min}" : $"a whole number from {Min} to {Max}";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out long value)
    {
        value = 0;
        if (!WholeNumber.TryRead(this, node, context, path, Min, Max, out var whole))
        {
            return false;
        }

        value = (long)whole;
        return true;
    }

    /// <inheritdoc />
    public override string Show(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
