using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>
/// One key of a scenario: name, type, default, meaning. The single description that binding, <c>scenario explain</c>, the
/// JSON Schema and the reference page are made from.
/// </summary>
public abstract class Field
{
    /// <summary>The key.</summary>
    public required string Name { get; init; }

    /// <summary>What it means, in a sentence or two, with its unit.</summary>
    public required string Meaning { get; init; }

    /// <summary>Other keys that are understood, such as an engine's longer flag name.</summary>
    public IReadOnlyList<string> AlsoCalled { get; init; } = [];

    /// <summary>Whether it must be given.</summary>
    public bool Required { get; init; }

    /// <summary>Where the default comes from, for <c>explain</c>: a document, an engine's version, a decision of ours.</summary>
    public string DefaultSource { get; init; } = "";

    /// <summary>The type, for the schema writer.</summary>
    public abstract FieldType Type { get; }

    /// <summary>The default as it would be written, or null when the key has none.</summary>
    public abstract string? DefaultShown { get; }

    /// <summary>Whether a key names this field.</summary>
    public bool Answers(string key) => key == Name || AlsoCalled.Contains(key);

    internal abstract object? DefaultObject { get; }

    internal abstract bool TryReadObject(ConfigNode node, BindContext context, string path, out object? value);

    internal abstract string ShowObject(object? value);
}

/// <summary>A field of a known type.</summary>
public sealed class Field<T>(FieldType<T> type) : Field
{
    /// <inheritdoc />
    public override FieldType Type => type;

    /// <summary>The value when the key is absent.</summary>
    public T? Default { get; init; }

    /// <summary>For a section: null when it is left out, instead of all its defaults.</summary>
    public bool OmitWhenAbsent { get; init; }

    /// <summary>What the default is called when its value alone would not say it (<c>not set</c>, <c>auto</c>).</summary>
    public string? DefaultText { get; init; }

    /// <inheritdoc />
    public override string? DefaultShown => DefaultText ?? (Default is null ? null : type.Show(Default));

    internal override object? DefaultObject => Default;

    internal override bool TryReadObject(ConfigNode node, BindContext context, string path, out object? value)
    {
        if (type.TryRead(node, context, path, out var typed))
        {
            value = typed;
            return true;
        }

        value = null;
        return false;
    }

    internal override string ShowObject(object? value) => value is T typed ? type.Show(typed) : (type as IOrKeyword)?.Keyword ?? DefaultText ?? "not set";
}
