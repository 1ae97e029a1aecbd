using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>A number of replicas in a range, or a share of those that a pool begins with: <c>50%</c>.</summary>
public sealed class ReplicaCountType(int min, int max) : FieldType<ReplicaCount>
{
    /// <summary>Largest share that can be written, in percent.</summary>
    public const int MostPercent = 10_000;

    /// <summary>What a number has to be.</summary>
    public IntegerType Inner { get; } = new(min, max);

    /// <inheritdoc />
    public override string Expected => Inner.Expected + ", or a share of the replicas at the start, such as 50%";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out ReplicaCount value)
    {
        value = default;
        if (node is not ScalarNode { IsNull: false } scalar || !scalar.Text.EndsWith('%'))
        {
            if (!WholeNumber.TryRead(this, node, context, path, Inner.Min, Inner.Max, out var whole))
            {
                return false;
            }

            value = new ReplicaCount((int)whole);
            return true;
        }

        if (!int.TryParse(scalar.Text.AsSpan(0, scalar.Text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent is < 1 or > MostPercent)
        {
            context.Add(node.Origin, path, $"{scalar.Shown} is no share", $"a whole number of percent from 1 to {MostPercent}, such as 50%");
            return false;
        }

        value = new ReplicaCount(percent, IsShare: true);
        return true;
    }

    /// <inheritdoc />
    public override string Show(ReplicaCount value) => value.ToString();
}
