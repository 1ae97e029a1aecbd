using System.Globalization;
using System.Text.RegularExpressions;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Targets;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>Reads manifests and charts' values: the pods in them are command lines, the rest is counts, roles, routers and scalers.</summary>
internal sealed partial class DocumentReader(ImportContext context, ImportedDeployment into)
{
    /// <summary>Reads the documents of a file; options files that one holds are there for all.</summary>
    public void Read(IReadOnlyList<ConfigNode> documents)
    {
        var maps = documents.OfType<MapNode>().ToList();
        foreach (var map in maps.Where(m => Kind(m) == "ConfigMap"))
        {
            foreach (var entry in (map.Find("data") as MapNode)?.Entries ?? [])
            {
                context.Inside[entry.Key] = (entry.Value as ScalarNode)?.Text ?? "";
            }
        }

        foreach (var map in maps)
        {
            ReadOne(map);
        }
    }

    private void ReadOne(MapNode document)
    {
        switch (Kind(document))
        {
            case "DynamoGraphDeployment":
                into.Name = Text(document, "metadata", "name");
                Dynamo(document);
                break;
            case "LLMInferenceService":
                into.Name = Text(document, "metadata", "name");
                KServe(document);
                break;
            case "Deployment" or "StatefulSet":
                KubernetesDeployment(document);
                break;
            case "HorizontalPodAutoscaler":
                Hpa(document);
                break;
            case "ScaledObject":
                Keda(document);
                break;
            case "EndpointPickerConfig":
                RouterReader.LlmD(document, context, into);
                break;
            case "ConfigMap":
                foreach (var entry in (document.Find("data") as MapNode)?.Entries ?? [])
                {
                    if (entry.Value is ScalarNode text && text.Text.Contains("EndpointPickerConfig", StringComparison.Ordinal) && context.Parse(text.Text, entry.KeyOrigin.ToString()) is MapNode config)
                    {
                        RouterReader.LlmD(config, context, into);
                    }
                }

                break;
            case "Service" or "InferencePool" or "Secret" or "PersistentVolumeClaim" or "Namespace" or "HTTPRoute" or "Gateway":
                into.Name ??= Text(document, "metadata", "name");
                break;
            case "" when document.Find("servingEngineSpec") is not null:
                ProductionStack(document);
                break;
            case "" when document.Find("modelArtifacts") is not null:
                LlmD(document);
                break;
            case { } kind:
                context.Warn(document.Origin.ToString(), kind.Length == 0 ? "is no manifest and no chart's values that are known here" : $"{kind} is not understood");
                break;
        }
    }

    private void Dynamo(MapNode document)
    {
        var spec = document.Find("spec") as MapNode;
        foreach (var service in (spec?.Find("services") as MapNode)?.Entries ?? [])
        {
            if (service.Value is MapNode map)
            {
                var pod = map.Find("extraPodSpec") as MapNode;
                Component(service.Key, Text(map, "componentType"), Text(map, "subComponentType"), map, pod, pod?.Find("mainContainer") as MapNode, Text(map, "resources", "limits", "gpu"), map.Find("envs") as ListNode);
            }
        }

        foreach (var map in (spec?.Find("components") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            var pod = At(map, "podTemplate", "spec") as MapNode;
            var type = Text(map, "type");
            Component(Text(map, "name") ?? "", type is "prefill" or "decode" ? "worker" : type, type, map, pod, Main(pod, "main"), null, null);
        }
    }

    private void Component(string name, string? type, string? role, MapNode map, MapNode? pod, MapNode? container, string? gpus, ListNode? variables)
    {
        if (container is null && type != "frontend")
        {
            context.Warn(map.Origin.ToString(), $"the component {name} has no container: left out");
            return;
        }

        var nodes = Text(map, "multinode", "nodeCount") is { } count && int.TryParse(count, CultureInfo.InvariantCulture, out var number) ? number : 1;
        var pool = Container(container ?? new MapNode([], map.Origin), pod, variables);
        if (pool is null)
        {
            return;
        }

        pool.Component = name;
        pool.Role = role switch { "prefill" => PoolRole.Prefill, "decode" => PoolRole.Decode, _ => pool.Role };
        pool.IsDivided |= pool.Role is not null;
        Count(pool, Text(map, "replicas"));
        pool.GpusAsked = (int.TryParse(gpus, CultureInfo.InvariantCulture, out var asked) ? asked : pool.GpusAsked) * nodes;
    }

    private void KServe(MapNode document)
    {
        if (document.Find("spec") is not MapNode spec)
        {
            return;
        }

        var model = (Text(spec, "model", "uri") ?? Text(spec, "model", "name"))?.Replace("hf://", "", StringComparison.Ordinal);
        var divided = spec.Find("prefill") is not null;
        Workload(spec, "main", divided ? PoolRole.Decode : null, model);
        if (spec.Find("prefill") is MapNode prefill)
        {
            Workload(prefill, "prefill", PoolRole.Prefill, model);
        }

        if (At(spec, "router", "scheduler", "config", "inline") is MapNode config)
        {
            RouterReader.LlmD(config, context, into);
        }
        else if (At(spec, "router", "scheduler") is not null)
        {
            into.Router = "llm_d";
        }
    }

    private void Workload(MapNode workload, string component, PoolRole? role, string? model)
    {
        var pod = workload.Find("template") as MapNode;
        var container = Main(pod, "main") ?? new MapNode([], workload.Origin);
        var pool = Container(new MapNode([.. container.Entries.Where(e => e.Key is not ("command" or "args")), new MapEntry("command", container.Origin, Words("vllm", "serve", model ?? ""))], container.Origin), pod, null);
        if (pool is null)
        {
            return;
        }

        pool.Component = component;
        (pool.Role, pool.IsDivided) = (role ?? pool.Role, role is not null || pool.IsDivided);
        Parallelism(workload.Find("parallelism") as MapNode, pool);
        Count(pool, Text(workload, "replicas"));
        if (workload.Find("worker") is not null)
        {
            // Its pods are as many as the controller makes of the layout.
            pool.GpusAsked = null;
        }

        if (workload.Find("scaling") is MapNode scaling)
        {
            pool.Scaler = new DeployedScaler("llm_d_wva", Number(scaling, "minReplicas") ?? 1, Number(scaling, "maxReplicas"), []);
            pool.CountIsKnown = false;
        }
    }

    private void Parallelism(MapNode? layout, ReadPool pool)
    {
        if (layout is null)
        {
            return;
        }

        pool.Tensor = Number(layout, "tensor") ?? pool.Tensor;
        pool.Pipeline = Number(layout, "pipeline") ?? pool.Pipeline;
        pool.Data = Number(layout, "data") ?? pool.Data;
        pool.DealsExpertsToAll |= Text(layout, "expert") == "true";
    }

    private void LlmD(MapNode values)
    {
        into.Name = Text(values, "fullnameOverride");
        var model = (Text(values, "modelArtifacts", "uri") is { } uri && uri.StartsWith("hf://", StringComparison.Ordinal) && !uri.Contains("{{", StringComparison.Ordinal) ? uri[5..] : null) ?? Text(values, "modelArtifacts", "name");
        var divided = Text(values, "prefill", "create") is not "false" && Text(values, "prefill", "replicas") is not (null or "0");
        foreach (var (key, role) in new[] { ("prefill", PoolRole.Prefill), ("decode", PoolRole.Decode) })
        {
            if (values.Find(key) is not MapNode workload || Text(workload, "create") == "false" || Text(workload, "replicas") == "0" || workload.Find("containers") is not ListNode { Items: [MapNode container, ..] })
            {
                continue;
            }

            var serve = Text(container, "modelCommand") is null or "vllmServe" or "imageDefault";
            var pool = Container(
                serve ? new MapNode([.. container.Entries.Where(e => e.Key != "command"), new MapEntry("command", container.Origin, Words("vllm", "serve", model ?? ""))], container.Origin) : container, workload, null);
            if (pool is null)
            {
                continue;
            }

            pool.Component = key;
            (pool.Role, pool.IsDivided) = (divided ? role : null, divided);
            Parallelism(workload.Find("parallelism") as MapNode, pool);
            Count(pool, Text(workload, "replicas"));
            pool.GpusAsked *= Number(workload.Find("parallelism") as MapNode, "workers") ?? 1;
        }
    }

    private void ProductionStack(MapNode values)
    {
        foreach (var model in (At(values, "servingEngineSpec", "modelSpec") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            var words = new List<string> { "vllm", "serve", Text(model, "modelURL") ?? "" };
            var config = model.Find("vllmConfig") as MapNode;
            foreach (var (key, flag) in new[] { ("maxModelLen", "--max-model-len"), ("maxNumSeqs", "--max-num-seqs"), ("gpuMemoryUtilization", "--gpu-memory-utilization"), ("tensorParallelSize", "--tensor-parallel-size"), ("dtype", "--dtype") })
            {
                if (Text(config, key) is { } value)
                {
                    words.AddRange([flag, value]);
                }
            }

            // The chart turns it off where nothing is said.
            words.Add(Text(config, "enablePrefixCaching") == "true" ? "--enable-prefix-caching" : "--no-enable-prefix-caching");
            if (Text(config, "enableChunkedPrefill") is { } chunked)
            {
                words.Add(chunked == "true" ? "--enable-chunked-prefill" : "--no-enable-chunked-prefill");
            }

            words.AddRange((config?.Find("extraArgs") as ListNode)?.Items.OfType<ScalarNode>().Select(a => a.Text) ?? []);
            var place = model.Origin.ToString();
            var image = $"{Text(model, "repository")}:{Text(model, "tag")}";
            var pool = CommandReader.ReadOne([.. words.Select(w => new ShellWord(w, place))], image, context, into);
            if (pool is null)
            {
                continue;
            }

            pool.Component = Text(model, "name") ?? "";
            pool.GpusAsked = Number(model, "requestGPU");
            Count(pool, Text(model, "replicaCount"));
            if (model.Find("lmcacheConfig") is not null)
            {
                context.Warn(place, "lmcacheConfig is not understood");
            }
        }

        if (values.Find("routerSpec") is MapNode router)
        {
            List<string> words = ["--routing-logic", Text(router, "routingLogic") ?? "roundrobin"];
            if (Text(router, "requestStatsWindow") is { } window)
            {
                words.AddRange(["--request-stats-window", window]);
            }

            words.AddRange((router.Find("extraArgs") as ListNode)?.Items.OfType<ScalarNode>().Select(a => a.Text) ?? []);
            RouterReader.ProductionStack([.. words.Select(w => new ShellWord(w, router.Origin.ToString()))], context, into);
        }

        foreach (var extra in (values.Find("extraObjects") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            ReadOne(extra);
        }
    }

    private void KubernetesDeployment(MapNode document)
    {
        var pod = At(document, "spec", "template", "spec") as MapNode;
        var name = Text(document, "metadata", "name") ?? "";
        foreach (var container in (pod?.Find("containers") as ListNode)?.Items.OfType<MapNode>() ?? [])
        {
            if (Container(container, pod, null) is { } pool)
            {
                pool.Component = name;
                Count(pool, Text(document, "spec", "replicas"));
            }
        }
    }

    private ReadPool? Container(MapNode container, MapNode? pod, ListNode? variables)
    {
        var words = new List<ShellWord>();
        foreach (var part in new[] { "command", "args" })
        {
            words.AddRange((container.Find(part) as ListNode)?.Items.OfType<ScalarNode>().Select(w => new ShellWord(w.Text, w.Origin.ToString())) ?? []);
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in (container.Find("env") as ListNode)?.Items.Concat(variables?.Items ?? []).OfType<MapNode>() ?? variables?.Items.OfType<MapNode>() ?? [])
        {
            if (Text(variable, "name") is { } name && Text(variable, "value") is { } value)
            {
                environment[name] = value;
            }
        }

        if (words.Count == 0 && environment.TryGetValue("DYN_ROUTER_MODE", out var mode))
        {
            RouterReader.Dynamo([], mode, context, into);
            return null;
        }

        if (words.Count == 0 && Text(container, "image") is { } own && own.Contains("ai-dynamo", StringComparison.Ordinal))
        {
            return null;
        }

        var pool = CommandReader.ReadOne(words, Text(container, "image"), context, into, environment);
        if (pool is null)
        {
            return null;
        }

        pool.Gpu = (pod?.Find("nodeSelector") as MapNode)?.Entries.Select(e => e.Key == "nvidia.com/gpu.product" ? Nodes.OfProduct((e.Value as ScalarNode)?.Text ?? "") : null).FirstOrDefault(g => g is not null);
        var limits = At(container, "resources", "limits") as MapNode;
        pool.GpusAsked = Number(limits, "nvidia.com/gpu") ?? Number(limits, "amd.com/gpu") ?? pool.GpusAsked;
        return pool;
    }

    private void Hpa(MapNode document)
    {
        var spec = document.Find("spec") as MapNode;
        var values = new List<Setting>();
        var pods = (spec?.Find("metrics") as ListNode)?.Items.OfType<MapNode>().Select(m => m.Find("pods") as MapNode).FirstOrDefault(p => p is not null);
        var metric = Scalers.Metrics(EngineKind.Vllm).Where(m => m.PodsMetric == Text(pods, "metric", "name")).Select(m => m.Key).FirstOrDefault();
        if (metric is null)
        {
            context.Warn(document.Origin.ToString(), "the metric of this HorizontalPodAutoscaler is not understood: left out");
            return;
        }

        values.Add(new Setting("metric", metric));
        values.Add(new Setting("target", Plain(Text(pods, "target", "averageValue") ?? "1")));
        Behavior(spec!.Find("behavior") as MapNode, values);
        into.Scalers.Add((Text(spec, "scaleTargetRef", "name") ?? "", new DeployedScaler("hpa", Number(spec, "minReplicas") ?? 1, Number(spec, "maxReplicas"), values)));
    }

    private void Keda(MapNode document)
    {
        var spec = document.Find("spec") as MapNode;
        var trigger = (spec?.Find("triggers") as ListNode)?.Items.OfType<MapNode>().FirstOrDefault()?.Find("metadata") as MapNode;
        var query = Selector().Replace(Text(trigger, "query") ?? "", "");
        var metric = new[] { EngineKind.Vllm, EngineKind.Sglang, EngineKind.TensorRtLlm }.SelectMany(e => Scalers.Metrics(e)).Where(m => m.Query == query).Select(m => m.Key).FirstOrDefault();
        if (metric is null)
        {
            context.Warn(document.Origin.ToString(), "the query of this ScaledObject is not understood: left out");
            return;
        }

        var values = new List<Setting> { new("metric", metric), new("target", Text(trigger, "threshold") ?? "1") };
        foreach (var (theirs, ours) in new[] { ("pollingInterval", "polling_interval"), ("cooldownPeriod", "cooldown_period") })
        {
            if (Text(spec, theirs) is { } value)
            {
                values.Add(new Setting(ours, value));
            }
        }

        if (Text(trigger, "activationThreshold") is { } activation)
        {
            values.Add(new Setting("activation_threshold", activation));
        }

        Behavior(At(spec!, "advanced", "horizontalPodAutoscalerConfig", "behavior") as MapNode, values);
        into.Scalers.Add((Text(spec, "scaleTargetRef", "name") ?? "", new DeployedScaler("keda", Number(spec, "minReplicaCount") ?? 0, Number(spec, "maxReplicaCount"), values)));
    }

    private static void Behavior(MapNode? behavior, List<Setting> into)
    {
        foreach (var (side, prefix) in new[] { ("scaleUp", "scale_up"), ("scaleDown", "scale_down") })
        {
            var rules = behavior?.Find(side) as MapNode;
            if (Text(rules, "stabilizationWindowSeconds") is { } window)
            {
                into.Add(new Setting(prefix + "_stabilization", window));
            }

            foreach (var policy in (rules?.Find("policies") as ListNode)?.Items.OfType<MapNode>() ?? [])
            {
                var key = (side, Text(policy, "type")) switch { ("scaleUp", "Pods") => "scale_up_pods", ("scaleUp", "Percent") => "scale_up_percent", ("scaleDown", "Percent") => "scale_down_percent", _ => null };
                if (key is not null)
                {
                    into.Add(new Setting(key, Text(policy, "value") ?? "1"));
                    into.RemoveAll(s => s.Key == "rate_period");
                    into.Add(new Setting("rate_period", Text(policy, "periodSeconds") ?? "15"));
                }
            }
        }
    }

    private static void Count(ReadPool pool, string? replicas)
    {
        pool.CountIsKnown = int.TryParse(replicas, CultureInfo.InvariantCulture, out var count);
        pool.Replicas = pool.CountIsKnown ? count : 1;
    }

    // 800m is 0.8.
    private static string Plain(string quantity) =>
        quantity.EndsWith('m') && double.TryParse(quantity.TrimEnd('m'), CultureInfo.InvariantCulture, out var thousandths) ? (thousandths / 1000).ToString("R", CultureInfo.InvariantCulture) : quantity;

    private static ListNode Words(params string[] words) => Documents.Tree.Words(words)!;

    private static MapNode? Main(MapNode? pod, string name)
    {
        var containers = (pod?.Find("containers") as ListNode)?.Items.OfType<MapNode>().ToList() ?? [];
        return containers.Find(c => Text(c, "name") == name) ?? containers.FirstOrDefault();
    }

    private static string Kind(MapNode map) => Text(map, "kind") ?? "";

    private static ConfigNode? At(ConfigNode? node, params string[] path)
    {
        foreach (var key in path)
        {
            node = (node as MapNode)?.Find(key);
        }

        return node;
    }

    private static string? Text(ConfigNode? node, params string[] path) => At(node, path) is ScalarNode { IsNull: false } scalar ? scalar.Text : null;

    private static int? Number(MapNode? map, string key) => int.TryParse(Text(map, key), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    [GeneratedRegex("""\{pod=~"[^"]*"\}""")]
    private static partial Regex Selector();
}
