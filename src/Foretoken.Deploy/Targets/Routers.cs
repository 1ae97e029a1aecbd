using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Flags;

namespace Foretoken.Deploy.Targets;

/// <summary>Routers' own flags for the scenario's policies: the names on the left are the scenario's.</summary>
internal static class Routers
{
    /// <summary>SGLang's model gateway (sglang_router.launch_router).</summary>
    public static readonly IReadOnlyList<(string Ours, string Theirs)> SgLang =
    [
        ("sglang_cache_aware", "cache_aware"), ("round_robin", "round_robin"), ("random", "random"), ("power_of_two", "power_of_two"),
        ("prefix_hash", "prefix_hash"), ("consistent_hashing", "consistent_hashing"),
    ];

    /// <summary>Its flags for the parameters of cache_aware.</summary>
    public static readonly IReadOnlyList<(string Key, string Flag)> SgLangValues =
    [
        ("cache_threshold", "--cache-threshold"), ("balance_abs_threshold", "--balance-abs-threshold"), ("balance_rel_threshold", "--balance-rel-threshold"),
        ("eviction_interval", "--eviction-interval-secs"), ("max_tree_size", "--max-tree-size"),
    ];

    /// <summary>vLLM production-stack's router (vllm-router).</summary>
    public static readonly IReadOnlyList<(string Ours, string Theirs)> ProductionStack =
    [
        ("round_robin", "roundrobin"), ("session_affinity", "session"), ("production_stack_prefixaware", "prefixaware"), ("production_stack_kvaware", "kvaware"),
    ];

    /// <summary>Its flags.</summary>
    public static readonly IReadOnlyList<(string Key, string Flag)> ProductionStackValues = [("kv_aware_threshold", "--kv-aware-threshold"), ("request_stats_window", "--request-stats-window")];

    /// <summary>Dynamo's frontend (dynamo.frontend).</summary>
    public static readonly IReadOnlyList<(string Ours, string Theirs)> Dynamo =
    [
        ("dynamo_kv", "kv"), ("round_robin", "round-robin"), ("random", "random"), ("power_of_two", "power-of-two"), ("least_requests", "least-loaded"),
    ];

    /// <summary>Its flags; those with a "no-" form are switches.</summary>
    public static readonly IReadOnlyList<(string Key, string Flag)> DynamoValues =
    [
        ("overlap_score_credit", "--router-kv-overlap-score-credit"), ("overlap_score_credit_decay", "--router-kv-overlap-score-credit-decay"),
        ("prefill_load_scale", "--router-prefill-load-scale"), ("decode_active_request_weight", "--router-decode-active-request-weight"),
        ("router_temperature", "--router-temperature"), ("use_kv_events", "--router-kv-events"), ("router_ttl_secs", "--router-ttl-secs"),
        ("router_predicted_ttl_secs", "--router-predicted-ttl-secs"), ("track_active_blocks", "--router-track-active-blocks"),
        ("track_prefill_tokens", "--router-track-prefill-tokens"), ("router_queue_threshold", "--router-queue-threshold"), ("router_queue_policy", "--router-queue-policy"),
    ];

    /// <summary>The scorers of llm-d's endpoint picker.</summary>
    public static readonly IReadOnlyList<(string Key, string Plugin, double Usual)> LlmDScorers =
    [
        ("queue_scorer", "queue-scorer", 2), ("kv_cache_utilization_scorer", "kv-cache-utilization-scorer", 2), ("prefix_cache_scorer", "prefix-cache-scorer", 3),
        ("running_requests_scorer", "running-requests-size-scorer", 0), ("load_aware_scorer", "load-aware-scorer", 0), ("token_load_scorer", "token-load-scorer", 0),
        ("active_request_scorer", "active-request-scorer", 0), ("no_hit_lru_scorer", "no-hit-lru-scorer", 0),
    ];

    /// <summary>Its pickers.</summary>
    public static readonly IReadOnlyList<(string Ours, string Theirs)> LlmDPickers = [("max_score", "max-score-picker"), ("weighted_random", "weighted-random-picker"), ("random", "random-picker")];

    /// <summary>Whether there is anything to choose.</summary>
    public static bool Matters(Deployment deployment) => deployment.Pools.Count > 1 || deployment.Pools[0].Replicas > 1 || deployment.Pools[0].Scaler is not null;

    /// <summary>The router's name of a policy; null when it has none, which is noted with what it does instead.</summary>
    public static string? Theirs(IReadOnlyList<(string Ours, string Theirs)> names, DeployedRouter router, string whose, string instead, TargetNotes? notes)
    {
        var name = names.Where(n => n.Ours == router.Policy).Select(n => n.Theirs).FirstOrDefault();
        if (name is null)
        {
            notes?.Note($"routing: {router.Policy} is not known to {whose}, which routes by {instead}: expect other figures than those of the scenario");
        }

        return name;
    }

    /// <summary>The flags of the parameters that were written; those without one are noted.</summary>
    public static IEnumerable<Argument> Values(IReadOnlyList<(string Key, string Flag)> flags, DeployedRouter router, string whose, TargetNotes notes)
    {
        foreach (var value in router.Values)
        {
            var flag = flags.Where(f => f.Key == value.Key).Select(f => f.Flag).FirstOrDefault();
            if (flag is null)
            {
                notes.Note($"routing.{value.Key}: {value.Value} has no flag in {whose}");
            }
            else if (value.Value is "true" or "false")
            {
                yield return new Argument(value.Value == "true" ? flag : "--no-" + flag[2..]);
            }
            else
            {
                yield return new Argument(flag, value.Value);
            }
        }
    }
}
