using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>What the optional types share for the schema writer.</summary>
public interface IOptionalType
{
    /// <summary>The type of a value that is there.</summary>
    FieldType Inner { get; }
}

/// <summary>A value that may be left out; null means not set.</summary>
public sealed class OptionalType<T>(FieldType<T> inner) : FieldType<T?>, IOptionalType
    where T : struct
{
    /// <inheritdoc />
    public FieldType Inner => inner;

    /// <inheritdoc />
    public override string Expected => inner.Expected;

    /// <inheritdoc />
    public override bool TryRead(ConfigNode node, BindContext context, string path, out T? value)
    {
        var good = inner.TryRead(node, context, path, out var read);
        value = good ? read : null;
        return good;
    }

    /// <inheritdoc />
    public override string Show(T? value) => value is { } set ? inner.Show(set) : "not set";
}
