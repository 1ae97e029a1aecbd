using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Checks;

/// <summary>
/// Dynamo's DynamoGraphDeployment (ai-dynamo/dynamo, deploy/operator/api: v1alpha1/dynamocomponentdeployment_types.go at 00686d64,
/// v1beta1/dynamographdeployment_types.go at 0fddc01b and dynamocomponentdeployment_types.go at 006b6e10).
/// </summary>
internal static class DynamoShapes
{
    private static readonly Shape Framework = Shape.OneOf("sglang", "vllm", "trtllm");

    // Minimum 2: one node is said by leaving the section out.
    private static readonly Shape Multinode = Shape.Map(("nodeCount!", Shape.Positive)).Where(m => (m.Find("nodeCount") as ScalarNode)?.Text != "1", "is of one node");

    private static readonly Shape Amounts = Shape.Map(("cpu", Shape.Amount), ("memory", Shape.Amount), ("gpu", Shape.Amount), ("gpuType", Shape.Name), ("custom", Shape.Labels));

    private static readonly Shape ServiceV1Alpha1 = Shape.Map(
        ("componentType", Shape.OneOf("frontend", "worker", "planner", "epp", "main", "default")), ("subComponentType", Shape.OneOf("prefill", "decode")), ("serviceName", Shape.Name),
        ("replicas", Shape.Count), ("globalDynamoNamespace", Shape.Switch), ("dynamoNamespace", Shape.Name), ("annotations", Shape.Labels), ("labels", Shape.Labels),
        ("resources", Shape.Map(("limits", Amounts), ("requests", Amounts), ("claims", Shape.List(Shape.Any)))),
        ("envs", Shape.List(CoreShapes.Variable)), ("envFromSecret", Shape.Name), ("multinode", Multinode),
        ("sharedMemory", Shape.Map(("disabled", Shape.Switch), ("size", Shape.Amount))),
        ("scalingAdapter", Shape.Map(("enabled", Shape.Switch))),
        ("modelRef", Shape.Map(("name!", Shape.Name), ("revision", Shape.Text))),
        ("extraPodSpec", new ObjectShape([("mainContainer", CoreShapes.UnnamedContainer), ("containers", Shape.List(CoreShapes.Container)), .. CoreShapes.PodFields])));

    private static readonly Shape ComponentV1Beta1 = Shape.Map(
        ("name!", Shape.Name), ("type", Shape.OneOf("frontend", "worker", "prefill", "decode", "planner", "epp")), ("replicas", Shape.Count), ("minAvailable", Shape.Positive),
        ("multinode", Multinode), ("sharedMemorySize", Shape.Amount), ("modelRef", Shape.Map(("name!", Shape.Name), ("revision", Shape.Text))), ("scalingAdapter", Shape.Map()),
        ("runtimeVersionOverride", Shape.Name), ("compilationCache", Shape.Any), ("topologyConstraint", Shape.Any), ("experimental", Shape.Any),
        ("podTemplate", Shape.Map(("metadata", Shape.Map(("labels", Shape.Labels), ("annotations", Shape.Labels))), ("spec", CoreShapes.Pod))
            .Where(HasMain, "has no container named main with an image")))
        .Where(m => m.Find("name") is ScalarNode name && name.Text.Length <= 63 && name.Text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && char.IsAsciiLetterOrDigit(name.Text[0]) && char.IsAsciiLetterOrDigit(name.Text[^1]), "has a name that is not of at most 63 letters, digits and hyphens");

    public static readonly Shape V1Alpha1 = Shape.Map(
        ("apiVersion!", Shape.OneOf("nvidia.com/v1alpha1")), ("kind!", Shape.OneOf("DynamoGraphDeployment")), ("metadata!", CoreShapes.Metadata),
        ("spec!", Shape.Map(
            ("backendFramework", Framework), ("envs", Shape.List(CoreShapes.Variable)), ("pvcs", Shape.List(Shape.Any)), ("annotations", Shape.Labels), ("labels", Shape.Labels),
            ("services", new ServicesShape(ServiceV1Alpha1)))));

    public static readonly Shape V1Beta1 = Shape.Map(
        ("apiVersion!", Shape.OneOf("nvidia.com/v1beta1")), ("kind!", Shape.OneOf("DynamoGraphDeployment")), ("metadata!", CoreShapes.Metadata),
        ("spec!", Shape.Map(
            ("backendFramework", Framework), ("env", Shape.List(CoreShapes.Variable)), ("annotations", Shape.Labels), ("labels", Shape.Labels), ("priorityClassName", Shape.Name),
            ("topologyConstraint", Shape.Any), ("experimental", Shape.Any), ("components", Shape.List(ComponentV1Beta1, most: 25)))
            .Where(NamesDiffer, "has components whose names are the same but for upper and lower case")));

    private static bool HasMain(MapNode template) =>
        ((template.Find("spec") as MapNode)?.Find("containers") as ListNode)?.Items.OfType<MapNode>().Any(c => c.Find("name") is ScalarNode { Text: "main" } && c.Find("image") is ScalarNode { Text.Length: > 0 }) ?? false;

    private static bool NamesDiffer(MapNode spec)
    {
        var names = (spec.Find("components") as ListNode)?.Items.OfType<MapNode>().Select(c => (c.Find("name") as ScalarNode)?.Text.ToLowerInvariant() ?? "").ToList() ?? [];
        return names.Distinct().Count() == names.Count;
    }

    // Services are a map; the schema takes at most 25.
    private sealed record ServicesShape(Shape Service) : Shape
    {
        public override void Check(ConfigNode node, string path, List<Quantities.Problem> problems)
        {
            if (node is not MapNode map || map.Entries.Count > 25)
            {
                Wrong(problems, path, node, "a map of at most 25 services");
                return;
            }

            foreach (var entry in map.Entries)
            {
                Service.Check(entry.Value, $"{path}.{entry.Key}", problems);
            }
        }
    }
}
