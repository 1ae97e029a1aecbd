using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Flags;
using Foretoken.Hardware.Memory;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Targets;

/// <summary>
/// Values of vLLM production-stack's chart. Flags with a key of their own go there, the rest into extraArgs. The chart turns prefix
/// caching off where its key is missing, so that it is always written.
/// </summary>
internal sealed class ProductionStackTarget : IDeployTarget
{
    private static readonly (string Flag, string Key)[] Keys =
    [
        ("--max-model-len", "maxModelLen"), ("--max-num-seqs", "maxNumSeqs"), ("--gpu-memory-utilization", "gpuMemoryUtilization"), ("--tensor-parallel-size", "tensorParallelSize"),
    ];

    /// <inheritdoc />
    public string Name => "production-stack";

    /// <inheritdoc />
    public string Meaning => "values of vLLM production-stack's chart";

    /// <inheritdoc />
    public TargetReach Reach { get; } = new()
    {
        Engines = [EngineKind.Vllm],
        Divides = false,
        ManyNodes = false,
        Routers = [.. Routers.ProductionStack.Select(r => r.Ours)],
        Scalers = ["hpa", "keda"],
        Schema = "vllm-project/production-stack, helm/values.schema.json at 01eaf92c",
    };

    /// <inheritdoc />
    public IReadOnlyList<Artefact> Write(Deployment deployment, TargetNotes notes)
    {
        var logic = Routers.Theirs(Routers.ProductionStack, deployment.Router, "vLLM's router", "roundrobin", Routers.Matters(deployment) ? notes : null) ?? "roundrobin";
        var extra = Routers.Values([.. Routers.ProductionStackValues.Where(v => v.Key != "request_stats_window")], deployment.Router with { Values = [.. deployment.Router.Values.Where(v => v.Key != "request_stats_window")] }, "vLLM's router", notes);
        var scaled = Scaled(deployment, notes).ToList();
        var values = Tree.Map(
            ("servingEngineSpec", Tree.Map(
                ("enableEngine", Tree.Switch(true)),
                ("runtimeClassName", Tree.Text("")),
                ("modelSpec", Tree.List(deployment.Pools.Select(p => Model(p, notes)))))),
            ("routerSpec", Tree.Map(
                ("enableRouter", Tree.Switch(true)),
                ("routingLogic", Tree.Text(logic)),
                ("sessionKey", logic == "session" ? Tree.Text("x-session-id") : null),
                ("requestStatsWindow", deployment.Router.Find("request_stats_window") is { } window ? Tree.Number((long)double.Parse(window, CultureInfo.InvariantCulture)) : null),
                ("extraArgs", Tree.Words(extra.SelectMany(a => a.Words))))),
            ("extraObjects", scaled.Count == 0 ? null : Tree.List(scaled)));
        return [Artefact.Of("values.yaml", Heading.Of(deployment, "vLLM production-stack", notes, deployment.Pools.Select(p => (p.Id, p))), values)];
    }

    private static MapNode Model(DeployedPool pool, TargetNotes notes)
    {
        var arguments = Server.Launched(pool, notes).Arguments.ToList();
        var config = new List<(string, ConfigNode?)>();
        Switch("--enable-prefix-caching", "enablePrefixCaching", always: true);
        Switch("--enable-chunked-prefill", "enableChunkedPrefill", always: false);
        foreach (var (flag, key) in Keys)
        {
            if (Take(flag) is { Value: { } value })
            {
                config.Add((key, Tree.Plain(value)));
            }
        }

        config.Add(("extraArgs", Tree.Words(arguments.SelectMany(a => a.Words))));
        var (repository, tag) = Server.Image(pool);
        return Tree.Map(
            ("name", Tree.Text(pool.Id)),
            ("repository", Tree.Text(repository)),
            ("tag", Tree.Text(tag)),
            ("modelURL", Tree.Text(pool.Model)),
            ("replicaCount", Tree.Number(pool.Replicas)),
            ("requestGPU", Tree.Number(pool.Gpus)),
            ("resources", Pods.Gpus(pool)),
            ("nodeSelectorTerms", Pods.Selector(pool, notes) is { } selector ? Terms(selector) : null),
            ("hf_token", Tree.Texts(("secretName", "hf-token-secret"), ("secretKey", "HF_TOKEN"))),
            ("vllmConfig", Tree.Map(config)));

        Argument? Take(string flag)
        {
            var found = arguments.Find(a => a.Flag == flag);
            arguments.RemoveAll(a => a.Flag == flag);
            return found;
        }

        void Switch(string flag, string key, bool always)
        {
            var (on, off) = (Take(flag), Take("--no-" + flag[2..]));
            if (on is not null || off is not null || always)
            {
                config.Add((key, Tree.Switch(off is null)));
            }
        }
    }

    // The chart's own keda section cannot be used: its schema wants one trigger as a map, its template a list.
    private static IEnumerable<MapNode> Scaled(Deployment deployment, TargetNotes notes)
    {
        foreach (var pool in deployment.Pools.Where(p => p.Scaler is not null))
        {
            var name = $"{{{{ .Release.Name }}}}-{pool.Id}";
            var target = Tree.Texts(("apiVersion", "apps/v1"), ("kind", "Deployment"), ("name", name + "-deployment-vllm"));
            if (Scalers.Document(pool, name, name + "-deployment-vllm", target, notes) is { } document)
            {
                yield return document;
            }
        }
    }

    private static ListNode Terms(MapNode selector) => Tree.List(Tree.Map(("matchExpressions", Tree.List(selector.Entries.Select(e => Tree.Map(
        ("key", Tree.Text(e.Key)),
        ("operator", Tree.Text("In")),
        ("values", Tree.List(e.Value))))))));
}
