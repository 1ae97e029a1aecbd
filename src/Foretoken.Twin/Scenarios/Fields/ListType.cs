using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>What the list types share for the schema writer.</summary>
public interface IListType
{
    /// <summary>The type of each element.</summary>
    FieldType Inner { get; }

    /// <summary>Fewest elements.</summary>
    int MinCount { get; }
}

/// <summary>A list of values of one type.</summary>
public sealed class ListType<T>(FieldType<T> inner, int minCount = 0) : FieldType<IReadOnlyList<T>>, IListType
{
    /// <inheritdoc />
    public FieldType Inner => inner;

    /// <inheritdoc />
    public int MinCount => minCount;

    /// <inheritdoc />
    public override string Expected => minCount > 0
        ? $"a list of at least {minCount.ToString(CultureInfo.InvariantCulture)}, each {inner.Expected}"
        : $"a list, each element {inner.Expected}";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, [MaybeNullWhen(false)] out IReadOnlyList<T> value)
    {
        value = null;
        if (node is not ListNode list || list.Items.Count < minCount)
        {
            context.Add(node.Origin, path, node is ListNode short_ ? $"has {short_.Items.Count} elements" : $"is {node.Shown}", $"expected {Expected}");
            return false;
        }

        var items = new T[list.Items.Count];
        var good = true;
        for (var i = 0; i < items.Length; i++)
        {
            if (inner.TryRead(list.Items[i], context, $"{path}[{i}]", out var item))
            {
                items[i] = item;
            }
            else
            {
                good = false;
            }
        }

        value = good ? items : null;
        return good;
    }

    /// <inheritdoc />
    public override string Show(IReadOnlyList<T> value) => "[" + string.Join(", ", value.Select(inner.Show)) + "]";
}
