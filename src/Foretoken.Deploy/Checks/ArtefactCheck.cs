using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Checks;

/// <summary>
/// Compares artefacts with what their public schemas say: fields, types, what is required, and the rules between fields. Our own
/// description of the part that is used, no copy of the schemas; their sources stand with each.
/// </summary>
public static class ArtefactCheck
{
    private static readonly Dictionary<(string, string), Shape> Kinds = new()
    {
        [("nvidia.com/v1alpha1", "DynamoGraphDeployment")] = DynamoShapes.V1Alpha1,
        [("nvidia.com/v1beta1", "DynamoGraphDeployment")] = DynamoShapes.V1Beta1,
        [("serving.kserve.io/v1alpha2", "LLMInferenceService")] = KServeShapes.LLMInferenceService,
        [("inference.networking.k8s.io/v1", "InferencePool")] = ChartShapes.InferencePool,
        [("inference.networking.x-k8s.io/v1alpha1", "EndpointPickerConfig")] = KServeShapes.EndpointPicker,
        [("keda.sh/v1alpha1", "ScaledObject")] = CoreShapes.ScaledObject,
        [("autoscaling/v2", "HorizontalPodAutoscaler")] = CoreShapes.HorizontalPodAutoscaler,
        [("apps/v1", "Deployment")] = CoreShapes.Deployment,
        [("v1", "Service")] = CoreShapes.Service,
        [("v1", "ConfigMap")] = CoreShapes.ConfigMap,
    };

    /// <summary>Everything in a document that its schema would refuse.</summary>
    /// <param name="document">A document of Kubernetes, or values of a chart.</param>
    /// <param name="place">What it is called in problems.</param>
    public static IReadOnlyList<Problem> Problems(ConfigNode document, string place)
    {
        var problems = new List<Problem>();
        Document(document, place, problems);
        return problems;
    }

    /// <summary>Whether the schema of a document is described here.</summary>
    public static bool IsKnown(ConfigNode document) => Find(document) is not null;

    internal static void Document(ConfigNode document, string place, List<Problem> problems)
    {
        if (Find(document) is { } shape)
        {
            shape.Check(document, place, problems);
        }
        else
        {
            problems.Add(new Problem(place, "is of a kind whose schema is not described here"));
        }
    }

    private static Shape? Find(ConfigNode document)
    {
        if (document is not MapNode map)
        {
            return null;
        }

        if (map.Find("apiVersion") is ScalarNode version && map.Find("kind") is ScalarNode kind)
        {
            return Kinds.GetValueOrDefault((version.Text, kind.Text));
        }

        return map.Find("servingEngineSpec") is not null ? ChartShapes.ProductionStack
            : map.Find("modelArtifacts") is not null ? ChartShapes.ModelService
            : null;
    }
}
