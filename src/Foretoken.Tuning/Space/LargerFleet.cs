using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Tuning.Space;

/// <summary>The same scenario with so many times the replicas: everything of its fleet that counts replicas, GPUs or machines.</summary>
internal static class LargerFleet
{
    private static readonly HashSet<string> Counts = ["replicas", "min_replicas", "max_replicas", "gpu_quota", "max_gpu_budget"];
    private static readonly HashSet<string> Machines = ["ready", "max"];

    /// <summary>The scenario's tree, multiplied.</summary>
    public static ConfigNode Of(ConfigNode scenario, int times)
    {
        var root = (MapNode)scenario;
        var fleet = root.Find("fleet") as MapNode ?? new MapNode([], root.Origin);
        var larger = (MapNode)Multiplied(fleet, Counts, times);

        // Where nothing is written it is one.
        larger = larger.Find("pools") is ListNode pools
            ? With(larger, "pools", new ListNode([.. pools.Items.Select(p => p is MapNode pool && pool.Find("replicas") is null ? With(pool, "replicas", Number(times, pool.Origin)) : p)], pools.Origin))
            : larger.Find("replicas") is null ? With(larger, "replicas", Number(times, root.Origin)) : larger;
        return With(root, "fleet", larger);
    }

    private static ConfigNode Multiplied(ConfigNode node, HashSet<string> counts, int times) => node switch
    {
        MapNode map => new MapNode([.. map.Entries.Select(e => e with { Value = Value(e, counts, times) })], map.Origin),
        ListNode list => new ListNode([.. list.Items.Select(i => Multiplied(i, counts, times))], list.Origin),
        _ => node,
    };

    private static ConfigNode Value(MapEntry entry, HashSet<string> counts, int times) =>
        entry.Value is ScalarNode scalar
            ? counts.Contains(entry.Key) && long.TryParse(scalar.Text.Replace("_", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Number(count * times, scalar.Origin) : scalar
            : Multiplied(entry.Value, entry.Key == "nodes" ? Machines : counts, times);

    private static ScalarNode Number(long value, Origin origin) => new(value.ToString(CultureInfo.InvariantCulture), quoted: false, origin);

    private static MapNode With(MapNode map, string key, ConfigNode value) => new(
        [.. map.Entries.Select(e => e.Key == key ? e with { Value = value } : e), .. map.Find(key) is null ? [new MapEntry(key, map.Origin, value)] : Array.Empty<MapEntry>()],
        map.Origin);
}
