using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>Plain Kubernetes: a Deployment and a Service, and a HorizontalPodAutoscaler or KEDA's ScaledObject.</summary>
internal sealed class KubernetesTarget : IDeployTarget
{
    /// <inheritdoc />
    public string Name => "kubernetes";

    /// <inheritdoc />
    public string Meaning => "plain Kubernetes: Deployments and a Service, with a HorizontalPodAutoscaler or KEDA's ScaledObject";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        Divides = false,
        ManyNodes = false,
        Routers = ["random"],
        Scalers = ["hpa", "keda"],
        Schema = "Kubernetes 1.32 (apps/v1, core/v1, autoscaling/v2); kedacore/keda, apis/keda/v1alpha1/scaledobject_types.go at 01ee1d30",
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var name = KubernetesName.Of(deployment.Name, 30);
        if (deployment.Router.Policy != "random" && Routers.Matters(deployment))
        {
            notes.Note($"routing: a Service spreads connections by chance; the scenario has {deployment.Router.Policy}");
        }

        var documents = new List<ConfigNode>();
        var servers = deployment.Pools.Select(p => (Pool: p, Server: Server.Of(p, $"{Pods.OptionsFolder}/{p.Id}.yaml", notes))).ToList();
        if (Pods.OptionFiles(name + "-options", servers.Select(s => (s.Pool.Id + ".yaml", s.Server.Options))) is { } options)
        {
            documents.Add(options);
        }

        documents.AddRange(servers.Select(s => Deploy(name, s.Pool, s.Server, notes)));
        documents.Add(Tree.Map(
            ("apiVersion", Tree.Text("v1")),
            ("kind", Tree.Text("Service")),
            ("metadata", Tree.Texts(("name", name))),
            ("spec", Tree.Map(
                ("selector", Tree.Texts(("app.kubernetes.io/part-of", name))),
                ("ports", Tree.List(Tree.Map(("name", Tree.Text("http")), ("port", Tree.Number(80)), ("targetPort", Tree.Text("http")))))))));
        foreach (var pool in deployment.Pools.Where(p => p.Scaler is not null))
        {
            var target = Tree.Texts(("apiVersion", "apps/v1"), ("kind", "Deployment"), ("name", Named(name, pool)));
            if (Scalers.Document(pool, Named(name, pool), Named(name, pool), target, notes) is { } scaler)
            {
                documents.Add(scaler);
            }
        }

        var head = Heading.Of(deployment, "Kubernetes", notes, deployment.Pools.Select(p => (Named(name, p), p)));
        return [Artefact.Of("kubernetes.yaml", head, documents)];
    }

    private static string Named(string deployment, DeployedPool pool) => $"{deployment}-{pool.Id}";

    private static MapNode Deploy(string name, DeployedPool pool, Server server, TargetNotes notes)
    {
        var labels = Tree.Texts(("app.kubernetes.io/name", Named(name, pool)), ("app.kubernetes.io/part-of", name));
        var (repository, tag) = Server.Image(pool);
        var many = pool.Gpus > 1;
        return Tree.Map(
            ("apiVersion", Tree.Text("apps/v1")),
            ("kind", Tree.Text("Deployment")),
            ("metadata", Tree.Map(("name", Tree.Text(Named(name, pool))), ("labels", labels))),
            ("spec", Tree.Map(
                ("replicas", pool.Scaler?.Policy is "hpa" or "keda" ? null : Tree.Number(pool.Replicas)),
                ("selector", Tree.Map(("matchLabels", Tree.Texts(("app.kubernetes.io/name", Named(name, pool)))))),
                ("template", Tree.Map(
                    ("metadata", Tree.Map(("labels", labels))),
                    ("spec", Tree.Map(
                        ("nodeSelector", Pods.Selector(pool, notes)),
                        ("containers", Tree.List(Tree.Map(
                            ("name", Tree.Text("engine")),
                            ("image", Tree.Text($"{repository}:{tag}")),
                            ("command", Tree.Words(server.Program.SelectMany(a => a.Words))),
                            ("args", Tree.Words(["--host", "0.0.0.0", "--port", server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), .. server.Words])),
                            ("env", Tree.List(Pods.HuggingFaceToken())),
                            ("ports", Tree.List(Tree.Map(("name", Tree.Text("http")), ("containerPort", Tree.Number(server.Port))))),
                            ("resources", Pods.Gpus(pool)),
                            ("startupProbe", Pods.Probe(server.Port, 240, 15)),
                            ("readinessProbe", Pods.Probe(server.Port, 3, 10)),
                            ("volumeMounts", Mounts(server, many))))),
                        ("volumes", Volumes(name, server, many)))))))));
    }

    private static ListNode? Mounts(Server server, bool many)
    {
        ConfigNode[] mounts = [.. server.Options is null ? [] : new[] { Pods.OptionsMount() }, .. many ? new[] { Pods.SharedMemoryMount() } : []];
        return mounts.Length == 0 ? null : Tree.List(mounts);
    }

    private static ListNode? Volumes(string name, Server server, bool many)
    {
        ConfigNode[] volumes = [.. server.Options is null ? [] : new[] { Pods.OptionsVolume(name + "-options") }, .. many ? new[] { Pods.SharedMemory() } : []];
        return volumes.Length == 0 ? null : Tree.List(volumes);
    }
}
