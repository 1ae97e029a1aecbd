using Foretoken.Tuning.Space;
using static Foretoken.Tuning.Studies.PresetNodes;

namespace Foretoken.Tuning.Studies;

/// <summary>The weights and thresholds that operators turn of the routers in the default space.</summary>
internal static class RouterWeights
{
    private const string Router = "fleet.routing";

    // Of llm-d's weights only the ratios count: the queue's stays as it is.
    private static readonly (string Router, string Key, string[] Values)[] All =
    [
        ("dynamo_kv", "overlap_score_credit", ["0.5", "1", "2"]),
        ("dynamo_kv", "router_temperature", ["0", "0.5"]),
        ("sglang_cache_aware", "cache_threshold", ["0.1", "0.3", "0.6"]),
        ("sglang_cache_aware", "balance_abs_threshold", ["8", "32", "64"]),
        ("sglang_cache_aware", "balance_rel_threshold", ["1.1", "1.5"]),
        ("llm_d", "prefix_cache_scorer", ["1", "3", "9"]),
        ("llm_d", "kv_cache_utilization_scorer", ["0.5", "2", "8"]),
    ];

    /// <summary>Adds those of the routers that can be chosen, or of the one that is written.</summary>
    /// <param name="dimensions">Dimensions so far, the router among them where it is chosen.</param>
    /// <param name="written">The router that the scenario writes; null when it leaves the choice.</param>
    /// <param name="isFixed">Whether the scenario or the user's own space says something at a path.</param>
    public static void AddTo(List<Dimension> dimensions, string? written, Func<string, bool> isFixed)
    {
        var isChosen = dimensions.Exists(d => d.Name == Router);
        foreach (var (router, key, values) in All)
        {
            var path = $"{Router}.{key}";
            if ((isChosen || written == router) && !isFixed(path))
            {
                dimensions.Add(new Dimension
                {
                    Name = path,
                    Choices = [.. values.Select(v => new Choice(v, [new(path, Scalar(v))]))],
                    When = isChosen ? [new(Router, [router])] : [],
                    IsOrdered = true,
                });
            }
        }
    }
}
