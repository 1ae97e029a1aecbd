using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>HorizontalPodAutoscalers and KEDA's ScaledObjects, and the figures of the engines that they follow.</summary>
internal static class Scalers
{
    /// <summary>Where Prometheus usually answers.</summary>
    public const string Prometheus = "http://prometheus-operated.monitoring.svc:9090";

    /// <summary>The metrics of a scenario's scaler as engines publish them: its key, name of a pods metric, sum over replicas in PromQL.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="pods">How the names of the pods begin; empty for all.</param>
    public static IReadOnlyList<(string Key, string PodsMetric, string Query)> Metrics(EngineKind engine, string pods = "")
    {
        var (running, waiting, usage, done) = engine switch
        {
            EngineKind.Sglang => ("sglang:num_running_reqs", "sglang:num_queue_reqs", "sglang:token_usage", "sglang:num_requests_total"),
            EngineKind.TensorRtLlm => ("trtllm_num_requests_running", "trtllm_num_requests_waiting", "trtllm_kv_cache_utilization", "trtllm_request_success_total"),
            _ => ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc", "vllm:request_success_total"),
        };
        var of = pods.Length == 0 ? "" : $"{{pod=~\"{pods}-.+\"}}";
        return
        [
            ("concurrency", "inference_requests_in_flight", $"sum({running}{of}) + sum({waiting}{of})"),
            ("running", "inference_requests_running", $"sum({running}{of})"),
            ("waiting", "inference_requests_waiting", $"sum({waiting}{of})"),
            ("kv_usage", "inference_kv_usage", $"sum({usage}{of})"),
            ("request_rate", "inference_requests_per_second", $"sum(rate({done}{of}[1m]))"),
        ];
    }

    /// <summary>The document that scales a pool; null where the policy has none here, which is noted.</summary>
    /// <param name="pool">The pool, with a scaler.</param>
    /// <param name="name">Name of the document.</param>
    /// <param name="pods">How the names of the pool's pods begin.</param>
    /// <param name="target">What it scales.</param>
    /// <param name="notes">Takes what it cannot say.</param>
    public static MapNode? Document(DeployedPool pool, string name, string pods, MapNode target, TargetNotes notes)
    {
        var scaler = pool.Scaler!;
        switch (scaler.Policy)
        {
            case "hpa":
                return Tree.Map(
                    ("apiVersion", Tree.Text("autoscaling/v2")),
                    ("kind", Tree.Text("HorizontalPodAutoscaler")),
                    ("metadata", Tree.Texts(("name", name))),
                    ("spec", Hpa(pool, scaler, pods, target, notes)));
            case "keda":
                return Tree.Map(
                    ("apiVersion", Tree.Text("keda.sh/v1alpha1")),
                    ("kind", Tree.Text("ScaledObject")),
                    ("metadata", Tree.Texts(("name", name))),
                    ("spec", Keda(pool, scaler, pods, target, notes)));
            default:
                Unwritten(pool, scaler, notes);
                return null;
        }
    }

    /// <summary>Notes that a policy is not written.</summary>
    public static void Unwritten(DeployedPool pool, DeployedScaler scaler, TargetNotes notes) =>
        notes.Note($"pool {pool.Name}: the scaler {scaler.Policy} is not written here: the {pool.Replicas} replicas of the start stay");

    /// <summary>KEDA's section: what a ScaledObject's spec holds beside its target.</summary>
    public static MapNode Keda(DeployedPool pool, DeployedScaler scaler, string pods, MapNode? target, TargetNotes notes)
    {
        var (_, _, query) = Metric(pool, scaler, pods);
        Controller(pool, scaler, notes);
        return Tree.Map(
            ("scaleTargetRef", target),
            ("minReplicaCount", Tree.Number(scaler.Minimum)),
            ("maxReplicaCount", Tree.Number(scaler.Maximum ?? 100)),
            ("pollingInterval", Whole(scaler, "polling_interval", 30)),
            ("cooldownPeriod", Whole(scaler, "cooldown_period", 300)),
            ("triggers", Tree.List(Tree.Map(
                ("type", Tree.Text("prometheus")),
                ("metadata", Tree.Map(
                    ("serverAddress", Tree.Text(Prometheus)),
                    ("query", Tree.Text(query)),
                    ("threshold", Tree.Text(scaler.Find("target")!)),
                    ("activationThreshold", scaler.Find("activation_threshold") is { } activation ? Tree.Text(activation) : null)))))),
            ("advanced", Behavior(scaler) is { } behavior ? Tree.Map(("horizontalPodAutoscalerConfig", Tree.Map(("behavior", behavior)))) : null));
    }

    private static MapNode Hpa(DeployedPool pool, DeployedScaler scaler, string pods, MapNode target, TargetNotes notes)
    {
        var (key, metric, query) = Metric(pool, scaler, pods);
        Controller(pool, scaler, notes);
        notes.Note($"pool {pool.Name}: the pods metric {metric} ({key}) comes from a rule of the Prometheus adapter: {query}, per pod");
        return Tree.Map(
            ("scaleTargetRef", target),
            ("minReplicas", Tree.Number(Math.Max(1, scaler.Minimum))),
            ("maxReplicas", Tree.Number(scaler.Maximum ?? 100)),
            ("metrics", Tree.List(Tree.Map(
                ("type", Tree.Text("Pods")),
                ("pods", Tree.Map(
                    ("metric", Tree.Texts(("name", metric))),
                    ("target", Tree.Texts(("type", "AverageValue"), ("averageValue", Quantity(scaler.Find("target")!))))))))),
            ("behavior", Behavior(scaler)));
    }

    private static (string Key, string PodsMetric, string Query) Metric(DeployedPool pool, DeployedScaler scaler, string pods) =>
        Metrics(pool.Engine, pods).First(m => m.Key == (scaler.Find("metric") ?? "concurrency"));

    private static void Controller(DeployedPool pool, DeployedScaler scaler, TargetNotes notes)
    {
        foreach (var (key, flag) in new[] { ("sync_period", "--horizontal-pod-autoscaler-sync-period"), ("tolerance", "--horizontal-pod-autoscaler-tolerance") })
        {
            if (scaler.Find(key) is { } value)
            {
                notes.Note($"pool {pool.Name}: {key} {value} is a flag of the cluster's controller manager ({flag})");
            }
        }

        if (scaler.Maximum is null)
        {
            notes.Note($"pool {pool.Name}: the scenario bounds the scaler by no max_replicas: 100 is written");
        }
    }

    private static ScalarNode? Whole(DeployedScaler scaler, string key, int usual) =>
        scaler.Find(key) is { } text ? Tree.Number((long)Math.Ceiling(double.Parse(text, CultureInfo.InvariantCulture))) : Tree.Number(usual);

    private static MapNode? Behavior(DeployedScaler scaler)
    {
        var period = scaler.Find("rate_period") is { } text ? (long)double.Parse(text, CultureInfo.InvariantCulture) : 15;
        MapNode? Rules(string window, params (string Type, string Key)[] policies)
        {
            var given = policies.Where(p => scaler.Find(p.Key) is not null).ToList();
            var seconds = scaler.Find(window);
            return given.Count == 0 && seconds is null ? null : Tree.Map(
                ("stabilizationWindowSeconds", seconds is null ? null : Tree.Number((long)double.Parse(seconds, CultureInfo.InvariantCulture))),
                ("policies", given.Count == 0 ? null : Tree.List(given.Select(p => Tree.Map(
                    ("type", Tree.Text(p.Type)),
                    ("value", Tree.Number((long)double.Parse(scaler.Find(p.Key)!, CultureInfo.InvariantCulture))),
                    ("periodSeconds", Tree.Number(period)))))));
        }

        var up = Rules("scale_up_stabilization", ("Pods", "scale_up_pods"), ("Percent", "scale_up_percent"));
        var down = Rules("scale_down_stabilization", ("Percent", "scale_down_percent"));
        return up is null && down is null ? null : Tree.Map(("scaleUp", up), ("scaleDown", down));
    }

    // Kubernetes writes fractions in thousandths.
    private static string Quantity(string number)
    {
        var value = double.Parse(number, CultureInfo.InvariantCulture);
        return value == Math.Floor(value) ? value.ToString("0", CultureInfo.InvariantCulture) : Math.Round(value * 1000).ToString("0", CultureInfo.InvariantCulture) + "m";
    }
}
