using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Checks;

/// <summary>Kubernetes' own types (API 1.32: core/v1, apps/v1, autoscaling/v2), as far as artefacts use them.</summary>
internal static class CoreShapes
{
    public static readonly Shape Metadata = Shape.Map(("name!", Shape.KubernetesName), ("namespace", Shape.KubernetesName), ("labels", Shape.Labels), ("annotations", Shape.Labels));

    public static readonly Shape Variable = Shape.Map(
        ("name!", Shape.Name),
        ("value", Shape.Text),
        ("valueFrom", Shape.Map(
            ("fieldRef", Shape.Map(("fieldPath!", Shape.Name), ("apiVersion", Shape.Name))),
            ("secretKeyRef", Shape.Map(("name", Shape.Name), ("key!", Shape.Name), ("optional", Shape.Switch))),
            ("configMapKeyRef", Shape.Map(("name", Shape.Name), ("key!", Shape.Name), ("optional", Shape.Switch))))))
        .Where(m => m.Find("value") is null || m.Find("valueFrom") is null, "has value and valueFrom");

    public static readonly Shape Resources = Shape.Map(("limits", new ObjectShape([]) { IsOpen = true }), ("requests", new ObjectShape([]) { IsOpen = true }), ("claims", Shape.List(Shape.Any)));

    private static readonly Shape Probe = Shape.Map(
        ("httpGet", Shape.Map(("path", Shape.Text), ("port!", Shape.PortOrName), ("scheme", Shape.OneOf("HTTP", "HTTPS")), ("host", Shape.Text))),
        ("initialDelaySeconds", Shape.Count), ("periodSeconds", Shape.Positive), ("timeoutSeconds", Shape.Positive), ("successThreshold", Shape.Positive), ("failureThreshold", Shape.Positive));

    private static readonly (string, Shape)[] ContainerFields =
    [
        ("image", Shape.Name), ("command", Shape.List(Shape.Text)), ("args", Shape.List(Shape.Text)), ("workingDir", Shape.Text), ("env", Shape.List(Variable)),
        ("ports", Shape.List(Shape.Map(("name", Shape.Name), ("containerPort!", Shape.Port), ("protocol", Shape.OneOf("TCP", "UDP", "SCTP"))))),
        ("resources", Resources), ("startupProbe", Probe), ("readinessProbe", Probe), ("livenessProbe", Probe),
        ("volumeMounts", Shape.List(Shape.Map(("name!", Shape.Name), ("mountPath!", Shape.Name), ("readOnly", Shape.Switch), ("subPath", Shape.Text)))),
        ("imagePullPolicy", Shape.OneOf("Always", "IfNotPresent", "Never")),
    ];

    /// <summary>A container.</summary>
    public static readonly ObjectShape Container = new([("name!", Shape.KubernetesName), .. ContainerFields]);

    /// <summary>A container whose name the operator gives.</summary>
    public static readonly ObjectShape UnnamedContainer = new([("name", Shape.KubernetesName), .. ContainerFields]);

    public static readonly Shape Volume = Shape.Map(
        ("name!", Shape.KubernetesName),
        ("configMap", Shape.Map(("name", Shape.Name), ("optional", Shape.Switch))),
        ("emptyDir", Shape.Map(("medium", Shape.OneOf("", "Memory")), ("sizeLimit", Shape.Amount))),
        ("persistentVolumeClaim", Shape.Map(("claimName!", Shape.Name))));

    /// <summary>A pod's fields beside its containers.</summary>
    public static readonly (string, Shape)[] PodFields =
    [
        ("nodeSelector", Shape.Labels), ("tolerations", Shape.List(Shape.Any)), ("affinity", Shape.Any), ("volumes", Shape.List(Volume)), ("hostIPC", Shape.Switch),
        ("imagePullSecrets", Shape.List(Shape.Any)), ("serviceAccountName", Shape.Name), ("initContainers", Shape.List(Container)),
    ];

    public static readonly ObjectShape Pod = new([("containers!", Shape.List(Container, 1)), .. PodFields]);

    private static readonly Shape ScaleTarget = Shape.Map(("apiVersion", Shape.Name), ("kind!", Shape.Name), ("name!", Shape.KubernetesName));

    private static readonly Shape Rules = Shape.Map(
        ("stabilizationWindowSeconds", Shape.Count),
        ("selectPolicy", Shape.OneOf("Max", "Min", "Disabled")),
        ("policies", Shape.List(Shape.Map(("type!", Shape.OneOf("Pods", "Percent")), ("value!", Shape.Positive), ("periodSeconds!", Shape.Positive)))));

    /// <summary>HPA behaviour.</summary>
    public static readonly Shape Behavior = Shape.Map(("scaleUp", Rules), ("scaleDown", Rules));

    public static readonly Shape ConfigMap = Shape.Map(("apiVersion!", Shape.OneOf("v1")), ("kind!", Shape.OneOf("ConfigMap")), ("metadata!", Metadata), ("data", Shape.Labels));

    public static readonly Shape Service = Shape.Map(
        ("apiVersion!", Shape.OneOf("v1")), ("kind!", Shape.OneOf("Service")), ("metadata!", Metadata),
        ("spec!", Shape.Map(
            ("selector", Shape.Labels),
            ("type", Shape.OneOf("ClusterIP", "NodePort", "LoadBalancer")),
            ("clusterIP", Shape.Text),
            ("ports", Shape.List(Shape.Map(("name", Shape.Name), ("port!", Shape.Port), ("targetPort", Shape.PortOrName), ("protocol", Shape.OneOf("TCP", "UDP"))), 1)))));

    public static readonly Shape Deployment = Shape.Map(
        ("apiVersion!", Shape.OneOf("apps/v1")), ("kind!", Shape.OneOf("Deployment")), ("metadata!", Metadata),
        ("spec!", Shape.Map(
            ("replicas", Shape.Count),
            ("selector!", Shape.Map(("matchLabels", Shape.Labels))),
            ("template!", Shape.Map(("metadata", Shape.Map(("labels", Shape.Labels), ("annotations", Shape.Labels))), ("spec!", Pod))),
            ("strategy", Shape.Any))
            .Where(SelectsItsPods, "selects labels that its pods do not have")));

    public static readonly Shape HorizontalPodAutoscaler = Shape.Map(
        ("apiVersion!", Shape.OneOf("autoscaling/v2")), ("kind!", Shape.OneOf("HorizontalPodAutoscaler")), ("metadata!", Metadata),
        ("spec!", Shape.Map(
            ("scaleTargetRef!", ScaleTarget),
            ("minReplicas", Shape.Positive),
            ("maxReplicas!", Shape.Positive),
            ("metrics", Shape.List(Shape.Map(
                ("type!", Shape.OneOf("Pods", "External", "Object", "Resource")),
                ("pods", Shape.Map(
                    ("metric!", Shape.Map(("name!", Shape.Name), ("selector", Shape.Any))),
                    ("target!", Shape.Map(("type!", Shape.OneOf("AverageValue", "Value", "Utilization")), ("averageValue", Shape.Amount)))))))),
            ("behavior", Behavior))
            .Where(m => Bounds(m, "minReplicas", "maxReplicas"), "has minReplicas above maxReplicas")));

    /// <summary>KEDA's ScaledObject (kedacore/keda, apis/keda/v1alpha1/scaledobject_types.go at 01ee1d30).</summary>
    public static readonly Shape ScaledObject = Shape.Map(
        ("apiVersion!", Shape.OneOf("keda.sh/v1alpha1")), ("kind!", Shape.OneOf("ScaledObject")), ("metadata!", Metadata),
        ("spec!", Shape.Map(
            ("scaleTargetRef!", Shape.Map(("name!", Shape.KubernetesName), ("apiVersion", Shape.Name), ("kind", Shape.Name), ("envSourceContainerName", Shape.Name))),
            ("pollingInterval", Shape.Positive), ("initialCooldownPeriod", Shape.Count), ("cooldownPeriod", Shape.Count), ("idleReplicaCount", Shape.Count),
            ("minReplicaCount", Shape.Count), ("maxReplicaCount", Shape.Positive),
            ("advanced", Shape.Map(
                ("restoreToOriginalReplicaCount", Shape.Switch),
                ("horizontalPodAutoscalerConfig", Shape.Map(("behavior", Behavior), ("name", Shape.Name))),
                ("scalingModifiers", Shape.Any))),
            ("triggers!", Shape.List(Shape.Map(("type!", Shape.Name), ("name", Shape.Name), ("metadata!", Shape.Labels), ("metricType", Shape.OneOf("AverageValue", "Value", "Utilization"))), 1)),
            ("fallback", Shape.Map(("failureThreshold!", Shape.Count), ("replicas!", Shape.Count), ("behavior", Shape.Text))))
            .Where(m => Bounds(m, "minReplicaCount", "maxReplicaCount"), "has minReplicaCount above maxReplicaCount")));

    private static bool Bounds(MapNode map, string least, string most) =>
        map.Find(least) is not ScalarNode low || map.Find(most) is not ScalarNode high || !int.TryParse(low.Text, out var a) || !int.TryParse(high.Text, out var b) || a <= b;

    private static bool SelectsItsPods(MapNode spec) =>
        ((spec.Find("selector") as MapNode)?.Find("matchLabels") as MapNode)?.Entries.All(e =>
            (((spec.Find("template") as MapNode)?.Find("metadata") as MapNode)?.Find("labels") as MapNode)?.Find(e.Key) is ScalarNode label && label.Text == (e.Value as ScalarNode)?.Text) ?? false;
}
