using System.Globalization;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Documents;
using static Foretoken.Tuning.Studies.PresetNodes;

namespace Foretoken.Tuning.Studies;

/// <summary>
/// Scalers that operators run in front of engines, and what they set on them. One scaler for the whole fleet, whatever its shape:
/// between a part of the chosen replicas and all of them, so that the budget holds.
/// </summary>
/// <remarks>Left out is what needs to know more (schedule), and what cannot be installed (two_axis, model_units, look_ahead); aibrix_apa and knative_kpa follow the same figure as hpa by a similar law.</remarks>
internal static class ScalerDimensions
{
    private const string Scaler = "autoscaling.policy";
    private const string Path = "fleet.autoscaling";

    // Requests in flight, requests that wait, share of the KV cache: what engines publish and the guides scale by.
    private static readonly (string Metric, string Target)[] Targets =
        [("concurrency", "8"), ("concurrency", "32"), ("concurrency", "128"), ("waiting", "2"), ("waiting", "8"), ("kv_usage", "0.5"), ("kv_usage", "0.8")];

    /// <summary>All of them, whether there is a scaler first: one choice among two, so that half of what is tried at random has none.</summary>
    /// <param name="gpus">Most GPUs of a deployment.</param>
    public static IReadOnlyList<Dimension> All(int gpus) =>
    [
        Of("autoscaling", [], [new("off", []), new("on", [])]),
        Of(Scaler, [],
        [
            Policy("hpa"),
            Policy("keda"),
            Policy("dynamo_planner", ("max_gpu_budget", gpus.ToString(CultureInfo.InvariantCulture))),
            Policy("llm_d_wva"),
        ]) with { When = [new("autoscaling", ["on"])] },
        Of("autoscaling.target", ["hpa", "keda"], [.. Targets.Select(t => new Choice($"{t.Metric} {t.Target}", [Write("metric", t.Metric), Write("target", t.Target)]))]),
        Values("autoscaling.scale_down_stabilization", ["hpa", "keda"], "scale_down_stabilization", ["60s", "300s"]),
        Values("autoscaling.min_replicas", ["hpa", "dynamo_planner", "llm_d_wva"], "min_replicas", ["1", "50%"]),

        // KEDA is there for what the others cannot: no replica while nobody asks.
        Values("keda.min_replicas", ["keda"], "min_replicas", ["0", "1", "50%"]),
        Values("dynamo_planner.optimization_target", ["dynamo_planner"], "optimization_target", ["throughput", "latency", "sla"]),
        Objective("ttft", ["200ms", "500ms", "1s"]),
        Objective("itl", ["20ms", "50ms"]),
        Values("llm_d_wva.kv_spare_trigger", ["llm_d_wva"], "kv_spare_trigger", ["0.1", "0.2", "0.4"]),
    ];

    private static Choice Policy(string name, params (string Key, string Value)[] more) =>
        new(name, [new(Path, Map([("policy", name), ("max_replicas", "100%"), .. more]))]);

    private static Dimension Objective(string key, string[] values)
    {
        var objective = Values($"dynamo_planner.{key}", ["dynamo_planner"], key, values);
        return objective with { When = [.. objective.When, new("dynamo_planner.optimization_target", ["sla"])] };
    }

    private static Dimension Values(string name, string[] scalers, string key, string[] values) =>
        Of(name, scalers, [.. values.Select(v => new Choice(v, [Write(key, v)]))]);

    private static Dimension Of(string name, string[] scalers, IReadOnlyList<Choice> choices) =>
        new() { Name = name, Choices = choices, When = scalers.Length == 0 ? [] : [new(Scaler, scalers)] };

    private static KeyValuePair<string, ConfigNode> Write(string key, string value) => new($"{Path}.{key}", Scalar(value));
}
