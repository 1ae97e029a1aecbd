using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Studies;

/// <summary>Values that a preset writes into a scenario, as if they stood in a file: problems name <c>tune.preset</c> as their place.</summary>
internal static class PresetNodes
{
    private static readonly Origin Place = new("tune.preset");

    /// <summary>A single value.</summary>
    public static ScalarNode Scalar(string text) => new(text, quoted: false, Place);

    /// <summary>A list.</summary>
    public static ListNode List(params ConfigNode[] items) => new(items, Place);

    /// <summary>Keys with single values.</summary>
    public static MapNode Map(params (string Key, string Value)[] entries) => new([.. entries.Select(e => new MapEntry(e.Key, Place, Scalar(e.Value)))], Place);
}
