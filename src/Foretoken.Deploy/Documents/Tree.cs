using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Documents;

/// <summary>Short ways to make the trees that artefacts are written from.</summary>
internal static class Tree
{
    private static readonly Origin Ours = new("artefact");

    /// <summary>A map in the order of its entries; entries without a value are left out.</summary>
    public static MapNode Map(params IEnumerable<(string Key, ConfigNode? Value)> entries) =>
        new([.. entries.Where(e => e.Value is not null).Select(e => new MapEntry(e.Key, Ours, e.Value!))], Ours);

    /// <summary>A map of texts.</summary>
    public static MapNode Texts(params IEnumerable<(string Key, string Value)> entries) => Map(entries.Select(e => (e.Key, (ConfigNode?)Text(e.Value))));

    /// <summary>A list.</summary>
    public static ListNode List(params IEnumerable<ConfigNode> items) => new([.. items], Ours);

    /// <summary>A list of texts; null when it is empty.</summary>
    public static ListNode? Words(IEnumerable<string> items)
    {
        ConfigNode[] nodes = [.. items.Select(Text)];
        return nodes.Length == 0 ? null : new ListNode(nodes, Ours);
    }

    /// <summary>A text, whatever it looks like.</summary>
    public static ScalarNode Text(string text) => new(text, quoted: true, Ours);

    /// <summary>A whole number.</summary>
    public static ScalarNode Number(long value) => new(value.ToString(CultureInfo.InvariantCulture), quoted: false, Ours);

    /// <summary>A number.</summary>
    public static ScalarNode Number(double value) => new(value.ToString("R", CultureInfo.InvariantCulture), quoted: false, Ours);

    /// <summary>true or false.</summary>
    public static ScalarNode Switch(bool value) => new(value ? "true" : "false", quoted: false, Ours);

    /// <summary>A value as it would be written without quotes: a number, a switch, or a text.</summary>
    public static ScalarNode Plain(string text) => new(text, quoted: false, Ours);
}
