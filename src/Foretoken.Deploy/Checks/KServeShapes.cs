namespace Foretoken.Deploy.Checks;

/// <summary>KServe's LLMInferenceService (kserve/kserve, pkg/apis/serving/v1alpha2/llm_inference_service_types.go at 01b12410), and llm-d's EndpointPickerConfig in it.</summary>
internal static class KServeShapes
{
    private static readonly Shape Keda = Shape.Map(
        ("pollingInterval", Shape.Positive), ("cooldownPeriod", Shape.Count), ("initialCooldownPeriod", Shape.Count), ("idleReplicaCount", Shape.Positive), ("fallback", Shape.Any), ("advanced", Shape.Any));

    private static readonly Shape Scaling = Shape.Map(
        ("minReplicas", Shape.Positive), ("maxReplicas!", Shape.Positive),
        ("wva!", Shape.Map(("variantCost", Shape.Text), ("hpa", Shape.Map(("behavior", CoreShapes.Behavior))), ("keda", Keda))
            .Where(m => (m.Find("hpa") is null) != (m.Find("keda") is null), "needs exactly one of hpa and keda")));

    private static readonly (string, Shape)[] Workload =
    [
        ("replicas", Shape.Count), ("scaling", Scaling),
        ("parallelism", Shape.Map(("tensor", Shape.Positive), ("pipeline", Shape.Positive), ("data", Shape.Positive), ("dataLocal", Shape.Positive), ("dataRPCPort", Shape.Port), ("expert", Shape.Switch))),
        ("labels", Shape.Labels), ("annotations", Shape.Labels), ("template", CoreShapes.Pod), ("worker", CoreShapes.Pod),
        ("kvCacheOffloading", Shape.Map(("cpuBytesToUse!", Shape.Positive), ("evictionPolicy", Shape.OneOf("lru", "arc")), ("secondaryTiers", Shape.List(Shape.Any)))),
    ];

    /// <summary>The configuration of llm-d's endpoint picker (llm-d-inference-scheduler 0.10).</summary>
    public static readonly Shape EndpointPicker = Shape.Map(
        ("apiVersion!", Shape.OneOf("inference.networking.x-k8s.io/v1alpha1", "llm-d.ai/v1alpha1")), ("kind!", Shape.OneOf("EndpointPickerConfig")),
        ("plugins!", Shape.List(Shape.Map(("type!", Shape.Name), ("name", Shape.Name), ("parameters", Shape.Any)), 1)),
        ("schedulingProfiles!", Shape.List(Shape.Map(("name!", Shape.Name), ("plugins!", Shape.List(Shape.Map(("pluginRef!", Shape.Name), ("weight", Shape.Number)), 1))), 1)),
        ("featureGates", Shape.List(Shape.Name)), ("saturationDetector", Shape.Any));

    public static readonly Shape LLMInferenceService = Shape.Map(
        ("apiVersion!", Shape.OneOf("serving.kserve.io/v1alpha2")), ("kind!", Shape.OneOf("LLMInferenceService")), ("metadata!", CoreShapes.Metadata),
        ("spec!", new ObjectShape(
        [
            ("model!", Shape.Map(("uri!", Shape.Name), ("name", Shape.Name), ("lora", Shape.Any))),
            ("storageInitializer", Shape.Map(("enabled", Shape.Switch))),
            .. Workload,
            ("prefill", Exclusive(new ObjectShape(Workload))),
            ("router", Shape.Map(
                ("route", Shape.Map(("http", Shape.Any), ("group", Shape.Name), ("weight", Shape.Count))),
                ("gateway", Shape.Map(("refs", Shape.List(Shape.Any)))),
                ("ingress", Shape.Any),
                ("scheduler", Shape.Map(("pool", Shape.Any), ("labels", Shape.Labels), ("annotations", Shape.Labels), ("template", Shape.Any), ("replicas", Shape.Count), ("config", Shape.Map(("inline", EndpointPicker), ("ref", Shape.Any)))))))
            ,
            ("baseRefs", Shape.List(Shape.Any)),
        ]).Where(m => m.Find("replicas") is null || m.Find("scaling") is null, "has replicas and scaling")));

    private static ObjectShape Exclusive(ObjectShape workload) => workload.Where(m => m.Find("replicas") is null || m.Find("scaling") is null, "has replicas and scaling");
}
