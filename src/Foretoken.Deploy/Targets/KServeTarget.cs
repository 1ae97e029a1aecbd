using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Hardware.Memory;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>KServe's LLMInferenceService: the layout in its own fields, every other flag in VLLM_ADDITIONAL_ARGS.</summary>
internal sealed class KServeTarget : IDeployTarget
{
    // Said by spec.parallelism, which the presets for several machines pass on; those for one machine run what VLLM_ADDITIONAL_ARGS says.
    private static readonly string[] LayoutFlags = ["--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size", "--enable-expert-parallel"];

    /// <inheritdoc />
    public string Name => "kserve";

    /// <inheritdoc />
    public string Meaning => "KServe's LLMInferenceService, v1alpha2";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        Engines = [EngineKind.Vllm],
        ManyPools = false,
        Routers = ["llm_d"],
        Scalers = ["llm_d_wva"],
        Schema = "kserve/kserve, pkg/apis/serving/v1alpha2/llm_inference_service_types.go at 01b12410",
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var name = KubernetesName.Of(deployment.Name);
        var serving = deployment.Pools.First(p => p.Role != PoolRole.Prefill);
        var prefill = deployment.Pools.FirstOrDefault(p => p.Role == PoolRole.Prefill);
        var spec = new List<(string, ConfigNode?)>
        {
            ("model", Tree.Texts(("uri", "hf://" + serving.Model), ("name", serving.Model))),
        };
        spec.AddRange(Workload(serving, notes));
        spec.Add(("prefill", prefill is null ? null : Tree.Map(Workload(prefill, notes))));
        spec.Add(("router", Tree.Map(
            ("route", Tree.Map()),
            ("gateway", Tree.Map()),
            ("scheduler", Tree.Map(("config", Tree.Map(("inline", EndpointPicker.Config(deployment, notes)))))))));
        var root = Tree.Map(
            ("apiVersion", Tree.Text("serving.kserve.io/v1alpha2")),
            ("kind", Tree.Text("LLMInferenceService")),
            ("metadata", Tree.Texts(("name", name))),
            ("spec", Tree.Map(spec)));
        var components = deployment.Pools.Select(p => (p == prefill ? "prefill" : "main", p));
        return [Artefact.Of("kserve.yaml", Heading.Of(deployment, "LLMInferenceService", notes, components), root)];
    }

    private static List<(string, ConfigNode?)> Workload(DeployedPool pool, TargetNotes notes)
    {
        var layout = pool.Layout;
        var nodes = pool.NodesPerReplica;

        // The presets for divided serving start the routing sidecar; connector and side channel are the workload's own.
        var arguments = Server.Launched(pool, notes).Arguments.Where(a => nodes == 1 || !LayoutFlags.Contains(a.Flag)).Concat(Server.Divided(pool, notes));
        var words = arguments.SelectMany(a => a.Words).Select(ShellQuote.Word);
        MapNode Pod() => Tree.Map(
            ("nodeSelector", Pods.Selector(pool, notes)),
            ("containers", Tree.List(Tree.Map(
                ("name", Tree.Text("main")),
                ("image", Tree.Text(string.Join(':', Server.Image(pool).Repository, Server.Image(pool).Tag))),
                ("env", Tree.List([Pods.Variable("VLLM_ADDITIONAL_ARGS", string.Join(' ', words)), Pods.HuggingFaceToken(), .. pool.Role == PoolRole.Aggregated ? [] : Pods.SideChannel()])),
                ("resources", Pods.Gpus(pool))))));
        if (pool.Scaler is { Policy: not "llm_d_wva" } other)
        {
            Scalers.Unwritten(pool, other, notes);
        }

        var scaled = pool.Scaler is { Policy: "llm_d_wva" } scaler
            ? Tree.Map(("minReplicas", Tree.Number(Math.Max(1, scaler.Minimum))), ("maxReplicas", Tree.Number(scaler.Maximum ?? 100)), ("wva", Tree.Map(("keda", Tree.Map()))))
            : null;
        if (scaled is not null)
        {
            notes.Note(pool.Scaler!.Values.Select(v => $"pool {pool.Name}: {v.Key} {v.Value} stands in the configuration of the workload variant autoscaler, not here"));
            if (pool.Scaler.Maximum is null)
            {
                notes.Note($"pool {pool.Name}: the scenario bounds the scaler by no max_replicas: 100 is written");
            }
        }

        return
        [
            ("replicas", scaled is null ? Tree.Number(pool.Replicas) : null),
            ("scaling", scaled),
            ("parallelism", Tree.Map(
                ("tensor", Tree.Number(layout.TensorParallel)),
                ("pipeline", layout.PipelineParallel > 1 ? Tree.Number(layout.PipelineParallel) : null),
                ("data", layout.AttentionDataParallel > 1 ? Tree.Number(layout.AttentionDataParallel) : null),
                ("dataLocal", layout.AttentionDataParallel > 1 ? Tree.Number(Math.Max(1, layout.AttentionDataParallel / nodes)) : null),
                ("expert", layout.ExpertParallel > 1 ? Tree.Switch(true) : null))),
            ("template", Pod()),
            ("worker", nodes > 1 ? Pod() : null),
        ];
    }
}
