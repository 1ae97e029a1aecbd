using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>NVIDIA Dynamo's DynamoGraphDeployment, in both versions that its operator serves: apply one of them.</summary>
internal sealed class DynamoTarget : IDeployTarget
{
    /// <inheritdoc />
    public string Name => "dynamo";

    /// <inheritdoc />
    public string Meaning => "NVIDIA Dynamo's DynamoGraphDeployment, v1alpha1 and v1beta1";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        NvidiaOnly = true,
        Routers = [.. Routers.Dynamo.Select(r => r.Ours)],
        Scalers = ["hpa", "keda"],
        Schema = "ai-dynamo/dynamo, deploy/operator/api (v1alpha1 at 00686d64 and 1d26d921, v1beta1 at 006b6e10, c10b3788 and ef2e6338)",
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var parts = new DynamoParts(deployment, notes);
        var alpha = Alpha(deployment, parts, notes);
        var beta = Beta(deployment, parts, notes);
        MapNode[] beside = [.. parts.Beside()];
        var head = Heading.Of(deployment, "DynamoGraphDeployment", notes, deployment.Pools.Select(p => (p.Id, p)));
        return
        [
            Artefact.Of("dynamo-v1alpha1.yaml", head, [alpha, .. beside]),
            Artefact.Of("dynamo-v1beta1.yaml", head, [beta, .. beside]),
        ];
    }

    private static MapNode Alpha(Deployment deployment, DynamoParts parts, TargetNotes notes)
    {
        var services = new List<(string, ConfigNode?)>
        {
            ("Frontend", Tree.Map(
                ("componentType", Tree.Text("frontend")),
                ("replicas", Tree.Number(1)),
                ("extraPodSpec", Tree.Map(("mainContainer", Tree.Map(parts.Frontend())))))),
        };
        foreach (var pool in deployment.Pools)
        {
            // The engine's environment goes into the service's own list, which the operator merges.
            var main = parts.Worker(pool).Where(e => e.Key != "env").ToList();
            services.Add((pool.Id, Tree.Map(
                ("componentType", Tree.Text("worker")),
                ("subComponentType", pool.Role switch { PoolRole.Prefill => Tree.Text("prefill"), PoolRole.Decode => Tree.Text("decode"), _ => null }),
                ("replicas", Tree.Number(pool.Replicas)),
                ("scalingAdapter", DynamoParts.IsScaled(pool) ? Tree.Map(("enabled", Tree.Switch(true))) : null),
                ("multinode", Multinode(pool)),
                ("envs", parts.Worker(pool).First(e => e.Key == "env").Value),
                ("resources", Tree.Map(("limits", Tree.Map(("gpu", Pods.Amount(Pods.GpusOfPod(pool))))))),
                ("extraPodSpec", Tree.Map(("nodeSelector", Pods.Selector(pool, notes)), ("volumes", parts.Volumes(pool)), ("mainContainer", Tree.Map(main)))))));
        }

        return Graph("nvidia.com/v1alpha1", parts, ("services", Tree.Map(services)));
    }

    private static MapNode Beta(Deployment deployment, DynamoParts parts, TargetNotes notes)
    {
        var components = new List<ConfigNode>
        {
            Tree.Map(
                ("name", Tree.Text("Frontend")),
                ("type", Tree.Text("frontend")),
                ("replicas", Tree.Number(1)),
                ("podTemplate", Template([("name", Tree.Text("main")), .. parts.Frontend()], null, null))),
        };
        foreach (var pool in deployment.Pools)
        {
            components.Add(Tree.Map(
                ("name", Tree.Text(pool.Id)),
                ("type", Tree.Text(pool.Role switch { PoolRole.Prefill => "prefill", PoolRole.Decode => "decode", _ => "worker" })),
                ("replicas", Tree.Number(pool.Replicas)),
                ("scalingAdapter", DynamoParts.IsScaled(pool) ? Tree.Map() : null),
                ("multinode", Multinode(pool)),
                ("podTemplate", Template([("name", Tree.Text("main")), .. parts.Worker(pool), ("resources", Pods.Gpus(pool))], Pods.Selector(pool, notes), parts.Volumes(pool)))));
        }

        return Graph("nvidia.com/v1beta1", parts, ("components", Tree.List(components)));
    }

    private static MapNode Template((string, ConfigNode?)[] main, MapNode? selector, ListNode? volumes) =>
        Tree.Map(("spec", Tree.Map(("nodeSelector", selector), ("containers", Tree.List(Tree.Map(main))), ("volumes", volumes))));

    private static MapNode Graph(string version, DynamoParts parts, (string, ConfigNode?) graph) => Tree.Map(
        ("apiVersion", Tree.Text(version)),
        ("kind", Tree.Text("DynamoGraphDeployment")),
        ("metadata", Tree.Texts(("name", parts.Name))),
        ("spec", Tree.Map(("backendFramework", parts.Framework), graph)));

    private static MapNode? Multinode(DeployedPool pool) => pool.NodesPerReplica > 1 ? Tree.Map(("nodeCount", Tree.Number(pool.NodesPerReplica))) : null;
}
