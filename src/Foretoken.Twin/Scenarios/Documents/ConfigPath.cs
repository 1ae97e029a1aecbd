using System.Globalization;

namespace Foretoken.Twin.Scenarios.Documents;

/// <summary>Finds what stands at a path such as <c>workload.arrivals.states[1].rate</c>.</summary>
public static class ConfigPath
{
    /// <summary>Where the value at the path was written, or, where there is none, the nearest part around it that was.</summary>
    public static Origin Locate(ConfigNode root, string path)
    {
        var node = root;
        foreach (var step in path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
        {
            var next = node switch
            {
                MapNode map => map.Find(step),
                ListNode list when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < list.Items.Count => list.Items[i],
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            node = next;
        }

        return node.Origin;
    }
}
