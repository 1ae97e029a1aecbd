namespace Foretoken.Deploy.Checks;

/// <summary>Values of charts: vLLM production-stack (helm/values.schema.json at 01eaf92c) and llm-d's modelservice (values.yaml at b5d214f5, 0.4.x), and the InferencePool beside it.</summary>
internal static class ChartShapes
{
    private static readonly Shape VllmConfig = Shape.Map(
        ("enablePrefixCaching", Shape.Switch), ("enableChunkedPrefill", Shape.Switch), ("maxModelLen", Shape.Positive), ("maxNumSeqs", Shape.Positive), ("tensorParallelSize", Shape.Positive),
        ("gpuMemoryUtilization", Shape.Number), ("dtype", Shape.Name), ("maxLoras", Shape.Positive), ("v0", Shape.Text), ("extraArgs", Shape.List(Shape.Text)));

    private static readonly Shape ModelSpec = Shape.Map(
        ("name!", Shape.KubernetesName), ("repository!", Shape.Name), ("tag!", Shape.Name), ("modelURL!", Shape.Name), ("replicaCount", Shape.Count),
        ("requestCPU", Shape.Positive), ("requestMemory", Shape.Amount), ("requestGPU", Shape.Amount), ("requestGPUType", Shape.Name), ("resources", CoreShapes.Resources),
        ("nodeSelectorTerms", Shape.List(Shape.Map(("matchExpressions", Shape.List(Shape.Map(("key!", Shape.Name), ("operator!", Shape.OneOf("In", "NotIn", "Exists", "DoesNotExist")), ("values", Shape.List(Shape.Text)))))))),
        ("hf_token", Shape.Map(("secretName", Shape.Name), ("secretKey", Shape.Name))), ("pvcStorage", Shape.Amount), ("shmSize", Shape.Amount), ("env", Shape.List(CoreShapes.Variable)),
        ("vllmConfig", VllmConfig), ("lmcacheConfig", Shape.Any), ("labels", Shape.Labels), ("tolerations", Shape.List(Shape.Any)));

    public static readonly Shape ProductionStack = Shape.Map(
        ("servingEngineSpec!", Shape.Map(("enableEngine", Shape.Switch), ("runtimeClassName", Shape.Text), ("modelSpec!", Shape.List(ModelSpec, 1)), ("containerPort", Shape.Port), ("labels", Shape.Labels))),
        ("routerSpec", Shape.Map(
            ("enableRouter", Shape.Switch), ("routingLogic", Shape.OneOf("roundrobin", "session", "prefixaware", "kvaware", "disaggregated_prefill", "disaggregated_prefill_orchestrated")),
            ("sessionKey", Shape.Name), ("requestStatsWindow", Shape.Positive), ("engineScrapeInterval", Shape.Positive), ("serviceDiscovery", Shape.OneOf("k8s", "static")), ("extraArgs", Shape.List(Shape.Text)))),
        ("extraObjects", Shape.List(new DocumentShape())));

    private static readonly Shape Workload = Shape.Map(
        ("create", Shape.Switch), ("replicas", Shape.Count), ("nodeSelector", Shape.Labels), ("autoscaling", Shape.Map(("enabled", Shape.Switch))),
        ("parallelism", Shape.Map(("tensor", Shape.Positive), ("data", Shape.Positive), ("dataLocal", Shape.Positive), ("workers", Shape.Positive))),
        ("volumes", Shape.List(CoreShapes.Volume)), ("monitoring", Shape.Any),
        ("containers", Shape.List(new ObjectShape(
        [
            ("name!", Shape.KubernetesName), ("image!", Shape.Name), ("modelCommand", Shape.OneOf("vllmServe", "imageDefault", "custom")), ("command", Shape.List(Shape.Text)), ("args", Shape.List(Shape.Text)),
            ("env", Shape.List(CoreShapes.Variable)), ("ports", Shape.List(Shape.Map(("name", Shape.Name), ("containerPort!", Shape.Port), ("protocol", Shape.OneOf("TCP", "UDP"))))),
            ("resources", CoreShapes.Resources), ("mountModelVolume", Shape.Switch), ("volumeMounts", Shape.List(Shape.Any)), ("imagePullPolicy", Shape.Text),
        ]))));

    public static readonly Shape ModelService = Shape.Map(
        ("enabled", Shape.Switch), ("fullnameOverride", Shape.KubernetesName), ("multinode", Shape.Switch), ("schedulerName", Shape.Name),
        ("modelArtifacts!", Shape.Map(("name!", Shape.Name), ("uri!", Shape.Name), ("size!", Shape.Amount), ("authSecretName", Shape.Text), ("mountPath", Shape.Name), ("labels", Shape.Labels))),
        ("accelerator", Shape.Map(("type", Shape.OneOf("nvidia", "amd", "google", "intel-i915", "intel-xe", "intel-gaudi")), ("resources", Shape.Any), ("env", Shape.Any))),
        ("routing", Shape.Map(
            ("servicePort", Shape.Port),
            ("proxy", Shape.Map(("enabled", Shape.Switch), ("image", Shape.Name), ("targetPort", Shape.Port), ("connector", Shape.Name), ("secure", Shape.Switch))))),
        ("decode", Workload), ("prefill", Workload), ("extraObjects", Shape.List(Shape.Any)));

    public static readonly Shape InferencePool = Shape.Map(
        ("apiVersion!", Shape.OneOf("inference.networking.k8s.io/v1")), ("kind!", Shape.OneOf("InferencePool")), ("metadata!", CoreShapes.Metadata),
        ("spec!", Shape.Map(
            ("selector!", Shape.Map(("matchLabels!", Shape.Labels))),
            ("targetPorts!", Shape.List(Shape.Map(("number!", Shape.Port)), 1, 8)),
            ("appProtocol", Shape.OneOf("http", "kubernetes.io/h2c")),
            ("endpointPickerRef!", Shape.Map(("group", Shape.Text), ("kind", Shape.Name), ("name!", Shape.KubernetesName), ("port", Shape.Map(("number!", Shape.Port))), ("failureMode", Shape.OneOf("FailOpen", "FailClose")))
                .Where(m => m.Find("port") is not null || m.Find("kind") is Twin.Scenarios.Documents.ScalarNode { Text: not "Service" }, "names a Service without its port")))));

    // A manifest of a kind that is known.
    private sealed record DocumentShape : Shape
    {
        public override void Check(Twin.Scenarios.Documents.ConfigNode node, string path, List<Quantities.Problem> problems) => ArtefactCheck.Document(node, path, problems);
    }
}
