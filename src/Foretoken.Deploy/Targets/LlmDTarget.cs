using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>Values of llm-d's modelservice chart, and the InferencePool with the endpoint picker's configuration before it.</summary>
internal sealed class LlmDTarget : IDeployTarget
{
    // Said by the chart's parallelism.
    private static readonly string[] LayoutFlags = ["--tensor-parallel-size"];

    /// <inheritdoc />
    public string Name => "llm-d";

    /// <inheritdoc />
    public string Meaning => "values of llm-d's modelservice chart, an InferencePool and the endpoint picker's configuration";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        Engines = [EngineKind.Vllm],
        ManyPools = false,
        Routers = ["llm_d"],
        Schema = "llm-d-incubation/llm-d-modelservice, charts/llm-d-modelservice/values.yaml at b5d214f5 (0.4.x); InferencePool inference.networking.k8s.io/v1",
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var name = KubernetesName.Of(deployment.Name);
        var serving = deployment.Pools.First(p => p.Role != PoolRole.Prefill);
        var prefill = deployment.Pools.FirstOrDefault(p => p.Role == PoolRole.Prefill);
        var divided = prefill is not null;
        MapNode labels = Tree.Texts(("llm-d.ai/inferenceServing", "true"), ("llm-d.ai/model", name));
        var values = Tree.Map(
            ("fullnameOverride", Tree.Text(name)),
            ("multinode", Tree.Switch(deployment.Pools.Any(p => p.NodesPerReplica > 1))),
            ("modelArtifacts", Tree.Map(
                ("name", Tree.Text(serving.Model)),
                ("uri", Tree.Text("hf://" + serving.Model)),
                ("size", Tree.Text(serving.DiskSize)),
                ("authSecretName", Tree.Text("hf-token-secret")),
                ("labels", labels))),
            ("accelerator", Tree.Texts(("type", serving.Gpu.Vendor == "AMD" ? "amd" : "nvidia"))),
            ("routing", Tree.Map(
                ("servicePort", Tree.Number(8000)),
                ("proxy", divided ? Tree.Map(("enabled", Tree.Switch(true)), ("targetPort", Tree.Number(8200)), ("connector", Tree.Text("nixlv2")), ("secure", Tree.Switch(false))) : Tree.Map(("enabled", Tree.Switch(false)))))),
            ("decode", Workload(serving, divided ? 8200 : 8000, notes)),
            ("prefill", prefill is null ? Tree.Map(("create", Tree.Switch(false)), ("replicas", Tree.Number(0))) : Workload(prefill, 8000, notes)));
        var config = EndpointPicker.Config(deployment, notes);
        notes.Note("the endpoint picker itself comes with the chart inferencepool of the Gateway API inference extension: give it the configuration of inferencepool.yaml");
        var pool = Tree.Map(
            ("apiVersion", Tree.Text("inference.networking.k8s.io/v1")),
            ("kind", Tree.Text("InferencePool")),
            ("metadata", Tree.Texts(("name", name))),
            ("spec", Tree.Map(
                ("selector", Tree.Map(("matchLabels", labels))),
                ("targetPorts", Tree.List(Tree.Map(("number", Tree.Number(8000))))),
                ("endpointPickerRef", Tree.Map(("name", Tree.Text(name + "-epp")), ("port", Tree.Map(("number", Tree.Number(9002)))), ("failureMode", Tree.Text("FailOpen")))))));
        var map = Tree.Map(
            ("apiVersion", Tree.Text("v1")),
            ("kind", Tree.Text("ConfigMap")),
            ("metadata", Tree.Texts(("name", name + "-epp"))),
            ("data", Tree.Texts(("plugins.yaml", YamlText.Write(config)))));
        var head = Heading.Of(deployment, "llm-d", notes, deployment.Pools.Select(p => (p == prefill ? "prefill" : "decode", p)));
        return [Artefact.Of("values.yaml", head, values), Artefact.Of("inferencepool.yaml", "", pool, map)];
    }

    private static MapNode Workload(DeployedPool pool, int port, TargetNotes notes)
    {
        var (layout, nodes) = (pool.Layout, pool.NodesPerReplica);
        if (pool.Scaler is { } scaler)
        {
            Scalers.Unwritten(pool, scaler, notes);
        }

        var divided = Server.Divided(pool, notes);
        var words = Server.Launched(pool, notes).Arguments.Where(a => !LayoutFlags.Contains(a.Flag)).Concat(divided).SelectMany(a => a.Words);
        var selector = Pods.Selector(pool, notes);
        return Tree.Map(
            ("create", Tree.Switch(true)),
            ("replicas", Tree.Number(pool.Replicas)),
            ("nodeSelector", selector),
            ("parallelism", Tree.Map(
                ("tensor", Tree.Number(layout.TensorParallel)),
                ("data", Tree.Number(layout.AttentionDataParallel)),
                ("dataLocal", Tree.Number(Math.Max(1, layout.AttentionDataParallel / nodes))),
                ("workers", Tree.Number(nodes)))),
            ("containers", Tree.List(Tree.Map(
                ("name", Tree.Text("vllm")),
                ("image", Tree.Text(string.Join(':', Server.Image(pool).Repository, Server.Image(pool).Tag))),
                ("modelCommand", Tree.Text("vllmServe")),
                ("args", Tree.Words(words)),
                ("env", divided.Count == 0 ? null : Tree.List(Pods.SideChannel())),
                ("ports", Tree.List(Tree.Map(("name", Tree.Text("metrics")), ("containerPort", Tree.Number(port)), ("protocol", Tree.Text("TCP"))))),
                ("resources", Pods.Gpus(pool)),
                ("mountModelVolume", Tree.Switch(true))))));
    }
}
