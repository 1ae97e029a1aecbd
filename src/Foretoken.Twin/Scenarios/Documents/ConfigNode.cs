namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>What a user wrote, before anything is known about its meaning: a tree of scalars, lists and maps with their places.</summary>
public abstract class ConfigNode(Origin origin)
{
    /// <summary>Where it was written.</summary>
    public Origin Origin { get; } = origin;

    /// <summary>What it is, for messages: <c>a list</c>, <c>a map</c>, <c>nothing</c> or the text itself in quotes.</summary>
    public abstract string Shown { get; }
}

/// <summary>A single value as text.</summary>
/// <param name="text">The text without quotes.</param>
/// <param name="quoted">Whether it stood in quotes, so that it is a text even where it looks like a number or like nothing.</param>
/// <param name="origin">Where it was written.</param>
public sealed class ScalarNode(string text, bool quoted, Origin origin) : ConfigNode(origin)
{
    /// <summary>The text without quotes.</summary>
    public string Text { get; } = text;

    /// <summary>Whether it stood in quotes.</summary>
    public bool Quoted { get; } = quoted;

    /// <summary>Whether it says "nothing" (YAML's null).</summary>
    public bool IsNull => !Quoted && Text is "" or "~" or "null" or "Null" or "NULL";

    /// <inheritdoc />
    public override string Shown => IsNull ? "nothing" : Text.Length > 60 ? $"'{Text[..57]}...'" : $"'{Text}'";
}

/// <summary>A list of values.</summary>
public sealed class ListNode(IReadOnlyList<ConfigNode> items, Origin origin) : ConfigNode(origin)
{
    /// <summary>The values in order.</summary>
    public IReadOnlyList<ConfigNode> Items { get; } = items;

    /// <inheritdoc />
    public override string Shown => "a list";
}

/// <summary>Keys with values, in the order in which they were written.</summary>
public sealed class MapNode(IReadOnlyList<MapEntry> entries, Origin origin) : ConfigNode(origin)
{
    /// <summary>The entries in order; no key twice.</summary>
    public IReadOnlyList<MapEntry> Entries { get; } = entries;

    /// <inheritdoc />
    public override string Shown => "a map";

    /// <summary>The value under a key, or null.</summary>
    public ConfigNode? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key)
            {
                return entry.Value;
            }
        }

        return null;
    }
}

/// <summary>One key of a map.</summary>
/// <param name="Key">The key.</param>
/// <param name="KeyOrigin">Where the key stands.</param>
/// <param name="Value">Its value.</param>
public sealed record MapEntry(string Key, Origin KeyOrigin, ConfigNode Value);
