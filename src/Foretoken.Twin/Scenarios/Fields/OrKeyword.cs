using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>Not for construction by hand: what the keyword types share for the schema writer.</summary>
public interface IOrKeyword
{
    /// <summary>The word that stands for "no value of this kind" (<c>auto</c>, <c>none</c>).</summary>
    string Keyword { get; }

    /// <summary>The type of every other value.</summary>
    FieldType Inner { get; }
}

/// <summary>A value, or a keyword in its place that is read as null.</summary>
public sealed class OrKeyword<T>(FieldType<T> inner, string keyword) : FieldType<T?>, IOrKeyword
    where T : struct
{
    /// <inheritdoc />
    public string Keyword => keyword;

    /// <inheritdoc />
    public FieldType Inner => inner;

    /// <inheritdoc />
    public override string Expected => $"{inner.Expected}, or {keyword}";

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out T? value)
    {
        value = null;
        if (node is ScalarNode scalar && (scalar.Text == keyword || (scalar.IsNull && keyword == "none")))
        {
            return true;
        }

        if (!inner.TryRead(node, context, path, out var read))
        {
            return false;
        }

        value = read;
        return true;
    }

    /// <inheritdoc />
    public override string Show(T? value) => value is { } set ? inner.Show(set) : keyword;
}
